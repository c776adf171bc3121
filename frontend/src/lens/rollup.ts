/** Figures of groups: a quantity added up, its largest, and how it runs through the group. */
import type { Group, Hierarchy } from '../graph/hierarchy.ts';
import { isAdditiveUnit } from '../lib/units.ts';
import type { QuantityColumn } from '../wire/report.ts';

/** Whether a sum of the column's cells means something. */
export function isAdditive(column: QuantityColumn): boolean {
  return column.additive ?? isAdditiveUnit(column.unit);
}

export interface Largest {
  value: number;
  operator: number;
}

type Range = Pick<Group, 'start' | 'end'>;

/** Sums are looked up: a group is a stretch of `hierarchy.order`, and all stretches share one running total. */
export class RollUp {
  private readonly running: Float64Array;
  private readonly knownBefore: Int32Array;

  constructor(
    private readonly column: QuantityColumn,
    private readonly hierarchy: Hierarchy,
  ) {
    const { order } = hierarchy;
    this.running = new Float64Array(order.length + 1);
    this.knownBefore = new Int32Array(order.length + 1);
    for (let at = 0; at < order.length; at++) {
      const value = column.values[order[at]];
      const isKnown = !Number.isNaN(value);
      this.running[at + 1] = this.running[at] + (isKnown ? value : 0);
      this.knownBefore[at + 1] = this.knownBefore[at] + (isKnown ? 1 : 0);
    }
  }

  /** Of how many operators the value is known. */
  known({ start, end }: Range): number {
    return this.knownBefore[end] - this.knownBefore[start];
  }

  /** NaN where adding makes no sense or nothing is known. */
  sum(range: Range): number {
    if (!isAdditive(this.column) || this.known(range) === 0) return NaN;
    return this.running[range.end] - this.running[range.start];
  }

  /** The part of the whole model that a group has; NaN where there is no sum, or the model's is not positive. */
  share(range: Range): number {
    const whole = this.running[this.running.length - 1];
    return whole > 0 ? this.sum(range) / whole : NaN;
  }

  /** The largest value and the first operator that has it; null where nothing is known. */
  largest({ start, end }: Range): Largest | null {
    const { values } = this.column;
    let operator = -1;
    for (let at = start; at < end; at++) {
      const op = this.hierarchy.order[at];
      if (!Number.isNaN(values[op]) && (operator < 0 || values[op] > values[operator])) operator = op;
    }
    return operator < 0 ? null : { value: values[operator], operator };
  }

  /** The largest values of equal parts of a group, in the order of execution; NaN where nothing is known. */
  profile({ start, end }: Range, most: number): Float64Array {
    const bins = Math.min(most, end - start);
    const profile = new Float64Array(bins).fill(NaN);
    for (let bin = 0; bin < bins; bin++) {
      const from = start + Math.floor((bin * (end - start)) / bins);
      const to = start + Math.floor(((bin + 1) * (end - start)) / bins);
      profile[bin] = this.largest({ start: from, end: to })?.value ?? NaN;
    }
    return profile;
  }
}

/** How many of a group's operators have each colour. */
export function countColors(
  color: Uint8Array,
  hierarchy: Hierarchy,
  { start, end }: Range,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = start; at < end; at++) {
    const value = color[hierarchy.order[at]];
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
