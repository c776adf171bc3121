/** What the reports of quantization say, as the tab shows it. No DOM in here. */
import { compareFigures } from '../lib/order.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorTypeName, type Model } from '../wire/model.ts';
import { quantityOf, type Report } from '../wire/report.ts';

/** Operators that compute in the same numbers. */
export interface Mode {
  name: string;
  operators: number[];
  macs: number;
  /** Operators whose multiply-accumulates are not known. */
  unknownMacs: number;
  constantBytes: number;
}

interface Work {
  macs: number;
  unknown_macs: number;
  constant_bytes: number;
}

/** The modes of a model, that of the most operators first, and which of them each operator has. */
export function modesOf(report: Report): { modes: Mode[]; ofOperator: Int32Array } {
  const column = report.columns.find(({ name }) => name === 'mode');
  if (column?.kind !== 'category') return { modes: [], ofOperator: new Int32Array(0) };
  const work = (report.summary.work ?? {}) as Record<string, Work | undefined>;
  const operators: number[][] = column.names.map(() => []);
  for (const [operator, code] of column.codes.entries()) if (code >= 0) operators[code].push(operator);
  const order = [...operators.keys()]
    .filter((code) => operators[code].length > 0)
    .sort((a, b) => operators[b].length - operators[a].length || a - b);
  const place = new Int32Array(column.names.length).fill(-1);
  for (const [at, code] of order.entries()) place[code] = at;
  return {
    modes: order.map((code) => {
      const name = column.names[code];
      const { macs = 0, unknown_macs = 0, constant_bytes = 0 } = work[name] ?? {};
      return {
        name,
        operators: operators[code],
        macs,
        unknownMacs: unknown_macs,
        constantBytes: constant_bytes,
      };
    }),
    ofOperator: column.codes.map((code) => (code < 0 ? -1 : place[code])),
  };
}

/** Neighbours in the order of execution that are drawn as one. */
export interface Span {
  start: number;
  end: number;
  code: number;
}

/**
 * Operators as spans of equal codes. With more operators than there is room for, as many stand together as it takes, under
 * the code that most of them have.
 */
export function spansOf(codes: Int32Array, most: number): Span[] {
  const step = Math.max(1, Math.ceil(codes.length / most));
  const spans: Span[] = [];
  for (let start = 0; start < codes.length; start += step) {
    const end = Math.min(start + step, codes.length);
    const code = step === 1 ? codes[start] : commonest(codes.subarray(start, end));
    const last = spans.at(-1);
    if (last?.code === code) last.end = end;
    else spans.push({ start, end, code });
  }
  return spans;
}

function commonest(codes: Int32Array): number {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].reduce((best, pair) => (pair[1] > best[1] ? pair : best))[0];
}

/** A tensor in a table: figures by the names of the report's columns, NaN where they are not known. */
export interface TensorRow {
  tensor: number;
  scheme: string;
  figures: Record<string, number>;
}

export const FIGURES = [
  'weakest_bits',
  'median_bits',
  'range_use',
  'scale_ratio',
  'channels',
  'half_used_channels',
  'outlier_channels',
  'zero_channels',
  'scale',
  'zero_point',
  'real_min',
  'real_max',
] as const;
export type Figure = (typeof FIGURES)[number];

/** The tensors with quantization parameters: constants whose values were looked at, and all others. */
export function tensorRows(report: Report, model: Model): { constants: TensorRow[]; others: TensorRow[] } {
  const scheme = report.columns.find(({ name }) => name === 'scheme');
  if (scheme?.kind !== 'category') return { constants: [], others: [] };
  const columns = FIGURES.map((name) => [name, quantityOf(report, name, model.tensorCount)] as const);
  const constants: TensorRow[] = [];
  const others: TensorRow[] = [];
  for (let tensor = 0; tensor < model.tensorCount; tensor++) {
    if (scheme.codes[tensor] < 0) continue;
    const figures = Object.fromEntries(columns.map(([name, values]) => [name, values[tensor]]));
    const row = { tensor, scheme: scheme.names[scheme.codes[tensor]], figures };
    (Number.isNaN(figures.range_use) ? others : constants).push(row);
  }
  return { constants, others };
}

/** Sorted by a figure, equal ones by how far their scales differ; what is not known stands last, whichever way. */
export function sortedBy(rows: readonly TensorRow[], figure: string, up: boolean): TensorRow[] {
  return [...rows].sort(
    (a, b) =>
      compareFigures(a.figures[figure], b.figures[figure], up) ||
      ratioOf(b) - ratioOf(a) ||
      a.tensor - b.tensor,
  );
}

/** One scale is as one would have it. */
function ratioOf({ figures }: TensorRow): number {
  return Number.isNaN(figures.scale_ratio) ? 1 : figures.scale_ratio;
}

const UNPACKING = new Set(['DEQUANTIZE', 'DENSIFY', 'CAST']);
/** Operators that unpack a constant one after the other; a file may have them in a ring. */
const MOST_UNPACKING = 8;

/** The first quantized constant that an operator reads, also through what only unpacks it; -1 for none. */
export function constantOf(
  model: Model,
  constants: ReadonlySet<number>,
  operator: number,
  most = MOST_UNPACKING,
): number {
  const inputs = rowOf(model.inputs, operator);
  const direct = inputs.find((tensor) => constants.has(tensor));
  if (direct !== undefined || most === 0) return direct ?? -1;
  for (const tensor of inputs) {
    const producer = tensor < 0 ? -1 : model.producer[tensor];
    if (producer < 0 || !UNPACKING.has(operatorTypeName(model, producer))) continue;
    const found = constantOf(model, constants, producer, most - 1);
    if (found >= 0) return found;
  }
  return -1;
}
