/** The weights of a model as rows: figures of the report `weights`, and what follows from them. */
import type { Hierarchy } from '../graph/hierarchy.ts';
import { compareFigures } from '../lib/order.ts';
import type { Model } from '../wire/model.ts';
import { cellText, type QuantityColumn, type Report } from '../wire/report.ts';
import { readerOf } from './tree.ts';

/** Figures that are not known are not a number. */
export interface WeightRow {
  tensor: number;
  /** Whoever reads it, -1 for none. */
  operator: number;
  stored: number;
  /** Of all weights. */
  share: number;
  elements: number;
  zeros: number;
  unique: number;
  channelUnique: number;
  entropy: number;
  kurtosis: number;
  low: number;
  high: number;
  /** The smallest size that any of the packings gives, with its tables, and which. */
  packed: number;
  packing: string;
}

export type SortKey = Exclude<keyof WeightRow, 'packing'>;

const PACKINGS: [column: string, name: string][] = [
  ['deflated_bytes', 'deflate'],
  ['palette_bytes', 'palette'],
  ['lut_bytes', 'LUT per channel'],
];

export function quantity(report: Report, name: string): QuantityColumn | null {
  const column = report.columns.find((one) => one.name === name);
  return column?.kind === 'quantity' ? column : null;
}

/** The largest first. */
export function weightRows(model: Model, hierarchy: Hierarchy, report: Report): WeightRow[] {
  const stored = quantity(report, 'stored_bytes')?.values ?? new Float64Array(0);
  const total = stored.reduce((sum, size) => sum + (size > 0 ? size : 0), 0);
  const of = (name: string, tensor: number): number => quantity(report, name)?.values[tensor] ?? NaN;
  return Array.from(stored.keys())
    .filter((tensor) => stored[tensor] > 0)
    .map((tensor) => {
      const sizes = PACKINGS.map(([column, name]) => ({ name, size: of(column, tensor) }));
      const best = sizes.reduce((least, one) => (one.size < least.size ? one : least), {
        name: '',
        size: Infinity,
      });
      return {
        tensor,
        operator: readerOf(model, hierarchy, tensor),
        stored: stored[tensor],
        share: stored[tensor] / total,
        elements: of('elements', tensor),
        zeros: of('zero_share', tensor),
        unique: of('unique', tensor),
        channelUnique: of('channel_unique', tensor),
        entropy: of('entropy', tensor),
        kurtosis: of('kurtosis', tensor),
        low: of('low', tensor),
        high: of('high', tensor),
        packed: best.size < Infinity ? best.size : NaN,
        packing: best.name,
      };
    })
    .sort((a, b) => b.stored - a.stored);
}

/** What is not known stands last, whichever way. */
export function sortRows(rows: readonly WeightRow[], key: SortKey, up: boolean): WeightRow[] {
  return [...rows].sort((a, b) => compareFigures(a[key], b[key], up));
}

/** How the zeros of a tensor are left out, and their regularity, by the report `sparsity_tensors`; empty for neither. */
export function placesOf(report: Report | null, tensor: number): string {
  const of = (name: string): string => {
    const column = report?.columns.find((one) => one.name === name);
    return column === undefined ? '' : cellText(column, tensor);
  };
  const encoding = of('encoding');
  return [encoding === 'dense' ? '' : encoding, of('pattern')].filter((text) => text !== '').join(', ');
}
