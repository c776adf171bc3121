/** What becomes of operators with delegates, as the tab shows it. No DOM in here. */
import { partsOfReport } from '../profile/partition.ts';
import { operatorTypeName, type Model } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';

export interface DelegateEntry {
  delegate: string;
  title: string;
  confidence: 'exact' | 'rules' | 'list';
  rules: string;
  operators: number;
  delegated: number;
  partitions: number;
  sentence: string;
  /** What operators are accepted if, and how many: `option NAME=VALUE` or `device: …`. */
  conditions: Record<string, number>;
}

/** What becomes of the operators of one type with one delegate. */
export interface Cell {
  /** Taken, those of `device` among them. */
  accepted: number;
  /** Accepted, but left because of limits on partitions. */
  limited: number[];
  rejected: number[];
  /** Left, but taken with another option of the delegate. */
  optional: number[];
  /** Taken, where the device holds their tensors. */
  device: number[];
}

export interface TypeRow {
  type: string;
  operators: number[];
  /** One per delegate. */
  cells: Cell[];
}

export interface Matrix {
  delegates: DelegateEntry[];
  /** Verdict of every operator, one array per delegate; one of the words below, or `rejected`. */
  verdicts: string[][];
  rows: TypeRow[];
}

export const ACCEPTED = 'accepted';
const LIMITED = 'left by the limit';
const OPTIONAL = 'accepted-if option';
const DEVICE = 'accepted-if device';

/** Whether an operator of this verdict is in a partition. */
function isTaken(verdict: string): boolean {
  return verdict === ACCEPTED || verdict === DEVICE;
}

/** Operator types by delegates; types of which most stay behind first. */
export function matrixOf(report: Report, model: Model): Matrix {
  const delegates = (report.summary.delegates ?? []) as DelegateEntry[];
  const verdicts = delegates.map(({ delegate }) => {
    const column = report.columns.find(({ name }) => name === columnOf(delegate));
    if (column?.kind !== 'category') return [];
    return Array.from(column.codes, (code) => (code < 0 ? '' : column.names[code]));
  });
  const rows = new Map<string, TypeRow>();
  for (let operator = 0; operator < model.operatorCount; operator++) {
    const type = operatorTypeName(model, operator);
    let row = rows.get(type);
    if (row === undefined) {
      row = { type, operators: [], cells: delegates.map(emptyCell) };
      rows.set(type, row);
    }
    row.operators.push(operator);
    for (const [place, cell] of row.cells.entries()) {
      const verdict = verdicts[place][operator];
      if (isTaken(verdict)) cell.accepted++;
      if (verdict !== ACCEPTED) listOf(cell, verdict).push(operator);
    }
  }
  const left = ({ cells }: TypeRow): number => cells.reduce((sum, cell) => sum + leftOf(cell).length, 0);
  const sorted = [...rows.values()].sort(
    (a, b) => b.operators.length - a.operators.length || left(b) - left(a) || (a.type < b.type ? -1 : 1),
  );
  return { delegates, verdicts, rows: sorted };
}

function emptyCell(): Cell {
  return { accepted: 0, limited: [], rejected: [], optional: [], device: [] };
}

function listOf(cell: Cell, verdict: string): number[] {
  if (verdict === LIMITED) return cell.limited;
  if (verdict === OPTIONAL) return cell.optional;
  return verdict === DEVICE ? cell.device : cell.rejected;
}

/** The operators of a cell that stay behind. */
export function leftOf({ rejected, limited, optional }: Cell): number[] {
  return [...rejected, ...limited, ...optional].sort((a, b) => a - b);
}

/** The operators that a delegate accepts under a condition. */
export function conditional(matrix: Matrix, place: number): number[] {
  return matrix.verdicts[place].flatMap((verdict, operator) =>
    verdict === OPTIONAL || verdict === DEVICE ? [operator] : [],
  );
}

/** The name of a delegate's column in the report. */
export function columnOf(delegate: string): string {
  return delegate.replaceAll('-', '_');
}

/** The delegate whose verdicts colour the graph; null where something else does. */
export function delegateOfLens(id: string | null): string | null {
  return /^delegates\.(\w+)$/.exec(id ?? '')?.[1].replaceAll('_', '-') ?? null;
}

/** The operators that one delegate takes and another does not. */
export function onlyIn(matrix: Matrix, one: number, other: number): number[] {
  return matrix.verdicts[one].flatMap((verdict, operator) =>
    isTaken(verdict) && !isTaken(matrix.verdicts[other][operator]) ? [operator] : [],
  );
}

/** A type that two delegates treat differently. */
export interface Difference {
  type: string;
  count: number;
  /** How many each takes. */
  taken: [one: number, other: number];
  onlyOne: number[];
  onlyOther: number[];
}

/** Two delegates side by side, by types of which one takes what the other does not; the largest difference first. */
export function differencesOf(matrix: Matrix, one: number, other: number): Difference[] {
  const taken = (place: number) => (operator: number) => isTaken(matrix.verdicts[place][operator]);
  const [byOne, byOther] = [taken(one), taken(other)];
  return matrix.rows
    .map(({ type, operators, cells }): Difference => ({
      type,
      count: operators.length,
      taken: [cells[one].accepted, cells[other].accepted],
      onlyOne: operators.filter((operator) => byOne(operator) && !byOther(operator)),
      onlyOther: operators.filter((operator) => byOther(operator) && !byOne(operator)),
    }))
    .filter(({ onlyOne, onlyOther }) => onlyOne.length + onlyOther.length > 0)
    .sort(
      (a, b) =>
        b.onlyOne.length + b.onlyOther.length - a.onlyOne.length - a.onlyOther.length ||
        (a.type < b.type ? -1 : 1),
    );
}

/** What a delegate was measured to take beside what was foretold. */
export interface Measured {
  runtime: string;
  delegated: number;
  partitions: number;
  /** Partitions that were foretold. */
  foretold: number;
  /** Taken, though foretold to stay. */
  onlyMeasured: number[];
  /** Left, though foretold to be taken. */
  onlyForetold: number[];
}

/** Null where nothing was measured of this delegate, or it failed. */
export function measuredOf(report: Report | null, matrix: Matrix, place: number): Measured | null {
  if (report === null) return null;
  const { delegate, runtime, delegated, parts } = partsOfReport(report);
  if (delegate !== matrix.delegates[place].delegate || delegated === null) return null;
  const taken = new Set(parts.flat());
  const verdicts = matrix.verdicts[place];
  const where = (really: boolean, foretold: boolean): number[] =>
    verdicts.flatMap((found, operator) =>
      taken.has(operator) === really && isTaken(found) === foretold ? [operator] : [],
    );
  return {
    runtime,
    delegated,
    partitions: parts.length,
    foretold: matrix.delegates[place].partitions,
    onlyMeasured: where(true, false),
    onlyForetold: where(false, true),
  };
}
