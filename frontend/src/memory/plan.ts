/** What the memory reports say, as the tab shows it. No DOM in here. */
import { quantityOf } from '../profile/profile.ts';
import type { Model } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';

export type Planner = 'litert' | 'micro';

/** The reports of each planner, over operators and over tensors. */
export const REPORTS: Record<Planner, [operators: string, tensors: string]> = {
  litert: ['memory', 'memory_tensors'],
  micro: ['memory_micro', 'memory_micro_tensors'],
};

export interface Arena {
  subgraph: string;
  arena_bytes: number | null;
  peak_live_bytes: number;
  fragmentation_bytes: number | null;
  no_reuse_bytes: number;
  peak_operator: number | null;
}

export interface PeakBuffer {
  tensor: number | null;
  operator: number | null;
  name: string;
  bytes: number;
  offset: number | null;
}

export interface WhatIf {
  arena_bytes: number | null;
  peak_live_bytes: number;
}

export interface MemorySummary extends Arena {
  planner: Planner;
  persistent_bytes: number;
  weight_bytes: number;
  peak_buffers: PeakBuffer[];
  what_if: Record<string, WhatIf | null>;
  arenas: Arena[];
  rules: string;
}

/** A buffer in an arena: where it lies, and between which operators it is kept. */
export interface PlacedBuffer {
  tensor: number;
  offset: number;
  size: number;
  first: number;
  last: number;
  /** Tensors that use it, too. */
  shared: number[];
}

/** The operators of a subgraph, or of the whole model for a planner with one arena. */
export function operatorsOf(model: Model, planner: Planner, arena: number): [start: number, end: number] {
  if (planner === 'micro') return [0, model.operatorCount];
  return [model.subgraphOperators[arena], model.subgraphOperators[arena + 1]];
}

/** The buffers that are kept while operators from `start` to before `end` run, in the order of their places. */
export function buffersOf(report: Report, model: Model, start: number, end: number): PlacedBuffer[] {
  const size = quantityOf(report, 'buffer_bytes', model.tensorCount);
  const offset = quantityOf(report, 'offset', model.tensorCount);
  const [first, last, shares] = ['first_use', 'last_use', 'shares_with'].map((name) => idsOf(report, name));
  const place = report.columns.find(({ name }) => name === 'place');
  const found = new Map<number, PlacedBuffer>();
  const shared: [owner: number, tensor: number][] = [];
  for (let tensor = 0; tensor < model.tensorCount; tensor++) {
    const name = place?.kind === 'category' ? place.names[place.codes[tensor]] : undefined;
    if (name === 'shared' && shares(tensor) >= 0) shared.push([shares(tensor), tensor]);
    if (name !== 'arena' || Number.isNaN(offset[tensor]) || Number.isNaN(size[tensor])) continue;
    if (first(tensor) < 0 || first(tensor) >= end || last(tensor) < start) continue;
    found.set(tensor, {
      tensor,
      offset: offset[tensor],
      size: size[tensor],
      first: first(tensor),
      last: last(tensor),
      shared: [],
    });
  }
  for (const [owner, tensor] of shared) found.get(owner)?.shared.push(tensor);
  return [...found.values()].sort((a, b) => a.offset - b.offset || a.first - b.first);
}

/** A column of ids, -1 where there is none. */
function idsOf(report: Report, name: string): (row: number) => number {
  const column = report.columns.find((one) => one.name === name);
  if (column?.kind !== 'text') return () => -1;
  return (row) => Number.parseInt(column.textAt(row) ?? '-1', 10);
}

/** Bytes that are alive while each operator runs, NaN where that is not known. */
export function liveBytes(report: Report, model: Model): Float64Array {
  return quantityOf(report, 'live_bytes', model.operatorCount);
}

/** The path of a stepped line over values, from the left; values that are not known are left out of it. */
export function steps(
  values: Float64Array,
  x: (place: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let isDown = false;
  for (const [place, value] of values.entries()) {
    if (Number.isNaN(value)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}H${x(place + 1).toFixed(1)}`;
    isDown = true;
  }
  return path;
}

/** As many values as there is room for, each the largest of those it stands for. */
export function largestOf(values: Float64Array, most: number): { values: Float64Array; step: number } {
  const step = Math.max(1, Math.ceil(values.length / most));
  if (step === 1) return { values, step };
  const found = new Float64Array(Math.ceil(values.length / step));
  for (let place = 0; place < found.length; place++) {
    let largest = Number.NaN;
    for (const value of values.subarray(place * step, (place + 1) * step))
      if (!(value <= largest)) largest = Number.isNaN(value) ? largest : value;
    found[place] = largest;
  }
  return { values: found, step };
}
