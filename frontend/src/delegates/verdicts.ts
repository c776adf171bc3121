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
}

/** What becomes of the operators of one type with one delegate. */
export interface Cell {
  accepted: number;
  /** Accepted, but left because of limits on partitions. */
  limited: number[];
  rejected: number[];
}

export interface TypeRow {
  type: string;
  operators: number[];
  /** One per delegate. */
  cells: Cell[];
}

export interface Matrix {
  delegates: DelegateEntry[];
  /** Verdict of every operator, one array per delegate: `accepted`, `left by the limit`, `rejected`. */
  verdicts: string[][];
  rows: TypeRow[];
}

export const ACCEPTED = 'accepted';
export const LIMITED = 'left by the limit';

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
      row = { type, operators: [], cells: delegates.map(() => ({ accepted: 0, limited: [], rejected: [] })) };
      rows.set(type, row);
    }
    row.operators.push(operator);
    for (const [place, cell] of row.cells.entries()) {
      const verdict = verdicts[place][operator];
      if (verdict === ACCEPTED) cell.accepted++;
      else (verdict === LIMITED ? cell.limited : cell.rejected).push(operator);
    }
  }
  const left = ({ cells }: TypeRow): number =>
    cells.reduce((sum, { rejected, limited }) => sum + rejected.length + limited.length, 0);
  const sorted = [...rows.values()].sort(
    (a, b) => b.operators.length - a.operators.length || left(b) - left(a) || (a.type < b.type ? -1 : 1),
  );
  return { delegates, verdicts, rows: sorted };
}

/** The name of a delegate's column in the report. */
export function columnOf(delegate: string): string {
  return delegate.replaceAll('-', '_');
}

/** The operators that one delegate takes and another does not. */
export function onlyIn(matrix: Matrix, one: number, other: number): number[] {
  return matrix.verdicts[one].flatMap((verdict, operator) =>
    verdict === ACCEPTED && matrix.verdicts[other][operator] !== ACCEPTED ? [operator] : [],
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
  const where = (isTaken: boolean, verdict: boolean): number[] =>
    verdicts.flatMap((found, operator) =>
      taken.has(operator) === isTaken && (found === ACCEPTED) === verdict ? [operator] : [],
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
