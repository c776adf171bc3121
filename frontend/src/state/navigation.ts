/** Ways through a model: into groups and subgraphs, and out again. */
import { subgraphRoot } from '../graph/level.ts';
import type { Hierarchy } from '../graph/hierarchy.ts';
import { operatorNextTo, type Item } from '../graph/items.ts';
import { groupsAround, pathTo } from '../graph/hierarchy.ts';
import { subgraphOfTensor, type Model } from '../wire/model.ts';

/** The groups to open for an item to be seen, the subgraph first. */
export function groupsToOpen(model: Model, hierarchy: Hierarchy, item: Item): number[] {
  if (item.kind === 'operator') return groupsAround(hierarchy, item.id);
  if (item.kind === 'group') return pathTo(hierarchy, item.id).slice(0, -1);
  const operator = operatorNextTo(model, item.id);
  if (operator >= 0) return groupsAround(hierarchy, operator);
  return [subgraphRoot(hierarchy, subgraphOfTensor(model, item.id))];
}

export interface Caller {
  operator: number;
  role: string;
}

/** The first operator that runs a subgraph, and as what. */
export function callerOf(model: Model, subgraph: number): Caller | null {
  for (const [operator, roles] of model.controlFlow)
    for (const [role, target] of Object.entries(roles)) if (target === subgraph) return { operator, role };
  return null;
}

/** What lies outside of a group: the group around it, or for a subgraph the operator that runs it. */
export function outside(model: Model, hierarchy: Hierarchy, group: number): Item | null {
  const { parent } = hierarchy.groups[group];
  if (parent >= 0) return { kind: 'group', id: parent };
  const caller = callerOf(model, group);
  return caller === null ? null : { kind: 'operator', id: caller.operator };
}

/** The operators a cut edge leads to from one of its ends: its maker where it arrives, its readers where it leaves. */
export function otherEnd(model: Model, tensor: number, arrives: boolean): Item[] {
  if (arrives) {
    const from = model.producer[tensor];
    return [from >= 0 ? { kind: 'operator', id: from } : { kind: 'tensor', id: tensor }];
  }
  const { offsets, values } = model.consumers;
  const users = new Set(values.subarray(offsets[tensor], offsets[tensor + 1]));
  return Array.from(users, (id): Item => ({ kind: 'operator', id }));
}
