/** Between what a person selects (operators, groups, tensors) and the boxes of a scene. */
import { rowOf } from '../wire/csr.ts';
import type { Matched } from '../table/tables.ts';
import type { Model } from '../wire/model.ts';
import { findBox, GROUP_KINDS, OPERATOR_KINDS, TENSOR_KINDS } from './drawing.ts';
import type { Hierarchy } from './hierarchy.ts';
import { CLOSED_GROUP, OPEN_GROUP, OPEN_OPERATOR, OPERATOR, type Scene } from './scene.ts';

export type ItemKind = 'operator' | 'group' | 'tensor';

export interface Item {
  kind: ItemKind;
  id: number;
}

export function itemAt(scene: Scene, box: number): Item {
  const kind = scene.boxes.kind[box];
  const id = scene.boxes.item[box];
  if (isOperator(kind)) return { kind: 'operator', id };
  return { kind: isGroup(kind) ? 'group' : 'tensor', id };
}

export function sameItem(a: Item, b: Item): boolean {
  return a.kind === b.kind && a.id === b.id;
}

/** The box that is an item: its own, or that of what it is folded into; -1 when the scene does not show it. */
export function boxOf(scene: Scene, hierarchy: Hierarchy, item: Item): number {
  if (item.kind === 'group') return findBox(scene, GROUP_KINDS, item.id);
  if (item.kind === 'tensor') return findBox(scene, TENSOR_KINDS, item.id);
  return findBox(scene, OPERATOR_KINDS, hierarchy.host[item.id] >= 0 ? hierarchy.host[item.id] : item.id);
}

/** The boxes of all items that the scene shows, in one pass. */
export function boxesOfItems(scene: Scene, hierarchy: Hierarchy, items: readonly Item[]): Set<number> {
  const wanted = { operator: new Set<number>(), group: new Set<number>(), tensor: new Set<number>() };
  for (const { kind, id } of items)
    wanted[kind].add(kind === 'operator' && hierarchy.host[id] >= 0 ? hierarchy.host[id] : id);
  const found = new Set<number>();
  if (items.length === 0) return found;
  for (let box = 0; box < scene.boxes.kind.length; box++) {
    const { kind, id } = itemAt(scene, box);
    if (wanted[kind].has(id)) found.add(box);
  }
  return found;
}

/** The box to look at for an item; for a tensor without a box that of the operator that makes or first reads it. */
export function boxToSee(scene: Scene, model: Model, hierarchy: Hierarchy, item: Item): number {
  const box = boxOf(scene, hierarchy, item);
  if (box >= 0 || item.kind !== 'tensor') return box;
  const operator = operatorNextTo(model, item.id);
  return operator < 0 ? -1 : boxOf(scene, hierarchy, { kind: 'operator', id: operator });
}

/** The operator that makes a tensor, or the first that reads it, or -1. */
export function operatorNextTo(model: Model, tensor: number): number {
  if (model.producer[tensor] >= 0) return model.producer[tensor];
  const users = rowOf(model.consumers, tensor);
  return users.length > 0 ? users[0] : -1;
}

/** Boxes of what matches a filter; a group counts when it holds any of it. */
export function boxesOf(scene: Scene, hierarchy: Hierarchy, matches: Matched): Set<number> {
  const places = Int32Array.from(matches.operators, (op) => hierarchy.place[op]).sort();
  const operators = new Set(
    Array.from(matches.operators, (op) => (hierarchy.host[op] >= 0 ? hierarchy.host[op] : op)),
  );
  const tensors = new Set(matches.tensors);
  const { kind, item } = scene.boxes;
  const holdsAny = (group: number): boolean => {
    const { start, end } = hierarchy.groups[group];
    const at = lowerBound(places, start);
    return at < places.length && places[at] < end;
  };
  const found = new Set<number>();
  for (let i = 0; i < kind.length; i++) {
    const matched = isGroup(kind[i])
      ? holdsAny(item[i])
      : (isOperator(kind[i]) ? operators : tensors).has(item[i]);
    if (matched) found.add(i);
  }
  return found;
}

function isOperator(kind: number): boolean {
  return kind === OPERATOR || kind === OPEN_OPERATOR;
}

function isGroup(kind: number): boolean {
  return kind === CLOSED_GROUP || kind === OPEN_GROUP;
}

/** Number of leading entries smaller than value. */
function lowerBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
