/** Between a range of a scale's steps and the words of a filter. */
import type { RangeClause } from './clause.ts';
import { position, STEPS, valueAt, type Scale } from './scale.ts';

/** Steps first to last, both with. */
export interface Bins {
  first: number;
  last: number;
}

/** Four digits are more than a brush can aim at. */
const DIGITS = 4;

/**
 * The range of values in some steps; null for the whole scale. There is no bound at the ends of the scale, but at the low end of
 * a logarithmic one, below which there are values that have no place on it.
 */
export function rangeOf(scale: Scale, { first, last }: Bins): RangeClause | null {
  if (first <= 0 && last >= STEPS - 1) return null;
  const edge = (bin: number): number => Number(valueAt(scale, bin / STEPS).toPrecision(DIGITS));
  return {
    kind: 'range',
    low: first > 0 ? edge(first) : scale.log ? scale.low : null,
    high: last >= STEPS - 1 ? null : edge(last + 1),
    isOpen: last < STEPS - 1,
  };
}

/** The steps that a range covers, as closely as steps can. */
export function binsOf(scale: Scale, { low, high }: RangeClause): Bins {
  const step = (value: number): number => Math.round(position(scale, value) * STEPS);
  const first = low === null ? 0 : Math.min(step(low), STEPS - 1);
  return { first, last: high === null ? STEPS - 1 : Math.max(first, step(high) - 1) };
}
