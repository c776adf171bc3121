/** A memory plan as drawn: buffers with their steps and places, and what is alive when. */
import type { Column, Report } from '../wire/report.ts';

export interface MemoryPlan {
  count: number;
  arena: Int32Array;
  /** The tensor of a buffer, -1 for the scratch memory of an operator. */
  tensor: Int32Array;
  /** The operator whose scratch memory it is, -1 for a tensor. */
  operator: Int32Array;
  bytes: Float64Array;
  /** NaN where the planner gave up. */
  offset: Float64Array;
  /** Steps between which it is kept, both included; NaN for what never runs. */
  first: Float64Array;
  last: Float64Array;
  /** The operator of every step, -1 for none. */
  steps: readonly number[];
}

export function planOf(report: Report): MemoryPlan {
  const numbers = (name: string): Float64Array | Int32Array => {
    const column = report.columns.find((each) => each.name === name);
    if (column === undefined) throw new Error(`the plan has no column ${name}`);
    return numbersOf(column);
  };
  const ids = (name: string): Int32Array => Int32Array.from(numbers(name));
  const quantities = (name: string): Float64Array => Float64Array.from(numbers(name));
  const bytes = quantities('bytes');
  return {
    count: bytes.length,
    arena: ids('arena'),
    tensor: ids('tensor'),
    operator: ids('operator'),
    bytes,
    offset: quantities('offset'),
    first: quantities('first_step'),
    last: quantities('last_step'),
    steps: report.summary.steps as number[],
  };
}

function numbersOf(column: Column): Float64Array | Int32Array {
  if (column.kind === 'quantity') return column.values;
  if (column.kind === 'text' && column.numbers !== null) return column.numbers;
  throw new Error(`${column.name} of the plan is not a column of numbers`);
}

/** One arena of a plan. */
export interface ArenaView {
  /** Rows of its buffers that are ever alive. */
  rows: Int32Array;
  /** Its steps, `to` not included. */
  from: number;
  to: number;
  /** Bytes alive at every step from `from` on. */
  live: Float64Array;
  /** Where the last buffer ends; the peak of the bytes alive where nothing is placed. */
  height: number;
  isPlaced: boolean;
}

export function arenaView(plan: MemoryPlan, arena: number): ArenaView {
  const rows: number[] = [];
  let [from, to, height, isPlaced] = [Infinity, 0, 0, true];
  for (let row = 0; row < plan.count; row++) {
    if (plan.arena[row] !== arena) continue;
    if (Number.isNaN(plan.offset[row])) isPlaced = false;
    else height = Math.max(height, plan.offset[row] + plan.bytes[row]);
    if (Number.isNaN(plan.last[row])) continue;
    rows.push(row);
    from = Math.min(from, plan.first[row]);
    to = Math.max(to, plan.last[row] + 1);
  }
  from = Math.min(from, to);
  const live = new Float64Array(to - from);
  for (const row of rows) {
    live[plan.first[row] - from] += plan.bytes[row];
    if (plan.last[row] + 1 < to) live[plan.last[row] + 1 - from] -= plan.bytes[row];
  }
  for (let step = 1; step < live.length; step++) live[step] += live[step - 1];
  if (!isPlaced) height = live.reduce((most, value) => Math.max(most, value), 0);
  return { rows: Int32Array.from(rows), from, to, live, height, isPlaced };
}

/**
 * The step at which most is alive, the first of equal ones.
 *
 * @param operator the one that runs then, where that is known: with the subgraphs that an operator runs it may not be
 *   the one with most in the arena itself
 */
export function peakStep(plan: MemoryPlan, { live, from }: ArenaView, operator: number | null): number {
  let peak = -1;
  for (let step = 0; step < live.length; step++) {
    if (operator !== null && plan.steps[from + step] !== operator) continue;
    if (peak < 0 || live[step] > live[peak]) peak = step;
  }
  return from + Math.max(peak, 0);
}

/** The buffers that are alive at a step, the largest first. */
export function aliveAt(plan: MemoryPlan, { rows }: ArenaView, step: number): number[] {
  const alive = Array.from(rows).filter((row) => plan.first[row] <= step && plan.last[row] >= step);
  return alive.sort((a, b) => plan.bytes[b] - plan.bytes[a]);
}

/** The buffer at a step and an offset, -1 for none. */
export function bufferAt(plan: MemoryPlan, { rows }: ArenaView, step: number, offset: number): number {
  for (const row of rows)
    if (
      plan.first[row] <= step &&
      plan.last[row] >= step &&
      plan.offset[row] <= offset &&
      offset < plan.offset[row] + plan.bytes[row]
    )
      return row;
  return -1;
}

/** The first step at which an operator runs, -1 where it does not in this arena. */
export function stepOf(plan: MemoryPlan, { from, to }: ArenaView, operator: number): number {
  const step = plan.steps.indexOf(operator, from);
  return step < to ? step : -1;
}
