/** Traces: what is asked for, what of the model it holds, and what of a scene that is. */
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import type { Traced } from './drawing.ts';
import type { Hierarchy } from './hierarchy.ts';
import { itemAt, type Item } from './items.ts';
import { around, between, reach, type Reached, type Seeds } from './reach.ts';
import { OPEN_OPERATOR, type Scene } from './scene.ts';

/** All inputs, all outputs, all paths between two, or what is near. */
export const TRACE_KINDS = ['inputs', 'outputs', 'paths', 'near'] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];

export interface Trace {
  kind: TraceKind;
  /** What was selected when it was asked for. */
  of: readonly Item[];
  /** How many operators away is near. */
  hops: number;
  /** Whether the rest is not laid out, instead of faded. */
  hidesRest: boolean;
}

export const MOST_HOPS = 9;

export function reachedBy(model: Model, hierarchy: Hierarchy, { kind, of, hops }: Trace): Reached {
  const seeds = seedsOf(hierarchy, of);
  switch (kind) {
    case 'inputs':
    case 'outputs':
      return reach(model, seeds, kind);
    case 'near':
      return around(model, seeds, hops);
    case 'paths':
      return between(model, seedsOf(hierarchy, of.slice(0, 1)), seedsOf(hierarchy, of.slice(1)));
  }
}

function seedsOf(hierarchy: Hierarchy, items: readonly Item[]): Seeds {
  const tensors = items.filter(({ kind }) => kind === 'tensor').map(({ id }) => id);
  return { operators: operatorsOf(hierarchy, items), tensors };
}

/** The operators among items, those in groups too. */
export function operatorsOf({ groups, order }: Hierarchy, items: readonly Item[]): number[] {
  const operators: number[] = [];
  for (const { kind, id } of items)
    if (kind === 'operator') operators.push(id);
    else if (kind === 'group')
      for (let at = groups[id].start; at < groups[id].end; at++) operators.push(order[at]);
  return operators;
}

/**
 * The boxes and lines of a scene that belong to what was reached: a group when any of its operators does, what is shown
 * within an operator when that operator does, and all frames around them.
 */
export function tracedIn(scene: Scene, hierarchy: Hierarchy, reached: Reached): Traced {
  const { kind, parent } = scene.boxes;
  const boxes = ownBoxes(scene, hierarchy, reached);
  const within = new Uint8Array(kind.length);
  for (let i = 0; i < kind.length; i++) {
    const outer = parent[i];
    if (outer < 0 || boxes[outer] === 0) continue;
    if (kind[outer] === OPEN_OPERATOR || within[outer] === 1) boxes[i] = within[i] = 1;
  }
  const { from, to, tensors } = scene.lines;
  const isTraced = (box: number): boolean => box < 0 || boxes[box] === 1;
  const lines = new Uint8Array(from.length);
  for (let i = 0; i < lines.length; i++) {
    const carries =
      rowOf(tensors, i).some((tensor) => reached.tensors[tensor] === 1) ||
      (from[i] >= 0 && within[from[i]] === 1);
    if (carries && isTraced(from[i]) && isTraced(to[i])) lines[i] = 1;
  }
  for (let i = kind.length - 1; i >= 0; i--) if (boxes[i] === 1 && parent[i] >= 0) boxes[parent[i]] = 1;
  return { boxes, lines };
}

function ownBoxes(scene: Scene, hierarchy: Hierarchy, { operators, tensors }: Reached): Uint8Array {
  const { order, groups } = hierarchy;
  const before = new Int32Array(order.length + 1);
  for (let at = 0; at < order.length; at++) before[at + 1] = before[at] + operators[order[at]];
  const boxes = new Uint8Array(scene.boxes.kind.length);
  for (let i = 0; i < boxes.length; i++) {
    const { kind, id } = itemAt(scene, i);
    if (kind === 'operator') boxes[i] = operators[id];
    else if (kind === 'tensor') boxes[i] = tensors[id];
    else if (before[groups[id].end] > before[groups[id].start]) boxes[i] = 1;
  }
  return boxes;
}
