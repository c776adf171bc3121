/**
 * Operators that run subgraphs (loops, branches, composites) open where they stand, to show those. What is open in a view
 * is known by numbers: a group by its own, an operator by one behind those of all groups.
 */
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import type { Hierarchy } from './hierarchy.ts';

export interface Callee {
  subgraph: number;
  /** What the operator runs it as: `cond`, `body`, `then`, …; the same subgraph may be several. */
  roles: string[];
}

/** Roles in the order in which they come into play; all others come after. */
const ROLES = ['cond', 'body', 'then', 'else'];

/** The subgraphs that an operator runs, each once; none for most. */
export function calleesOf(model: Model, operator: number): Callee[] {
  const callees = new Map<number, Callee>();
  const turn = ([role]: [string, number]): number => [...ROLES, role].indexOf(role);
  const entries = Object.entries(model.controlFlow.get(operator) ?? {});
  for (const [role, subgraph] of entries.sort((a, b) => turn(a) - turn(b))) {
    const known = callees.get(subgraph);
    if (known === undefined) callees.set(subgraph, { subgraph, roles: [role] });
    else known.roles.push(role);
  }
  return [...callees.values()];
}

/** Whether an operator runs one of its subgraphs again and again, as long as another says so. */
export function isLoop(callees: Callee[]): boolean {
  const withRole = (role: string): number => callees.findIndex(({ roles }) => roles.includes(role));
  return withRole('cond') >= 0 && withRole('body') >= 0 && callees.length > 1;
}

/** The first operand that an operator hands on to its subgraphs: what comes before only chooses among them. */
export function firstPassed(callees: Callee[]): number {
  return callees.some(({ roles }) => roles.includes('then')) ? 1 : 0;
}

/**
 * Tensors of an operator by the tensors of a subgraph that they are handed on as, and its results by those that they come
 * from. Empty where the subgraph gets something else, as the one that compares two elements for a sort.
 */
export function handedOn(
  model: Model,
  operator: number,
  subgraph: number,
): Record<'inputs' | 'outputs', [outer: number, inner: number][]> {
  const callees = calleesOf(model, operator);
  const pairs = (outer: Int32Array, inner: Int32Array): [number, number][] =>
    outer.length === inner.length ? Array.from(outer, (tensor, i) => [tensor, inner[i]]) : [];
  return {
    inputs: pairs(
      rowOf(model.inputs, operator).subarray(firstPassed(callees)),
      rowOf(model.subgraphInputs, subgraph),
    ),
    outputs: pairs(rowOf(model.outputs, operator), rowOf(model.subgraphOutputs, subgraph)),
  };
}

/** The number by which an operator is open. */
export function openIdOf(hierarchy: Hierarchy, operator: number): number {
  return hierarchy.groups.length + operator;
}

/** The operator that is open by a number; -1 where that is a group. */
export function operatorOfOpenId(hierarchy: Hierarchy, id: number): number {
  return Math.max(-1, id - hierarchy.groups.length);
}

/** `body: while_body`, the title of a subgraph within the operator that runs it. */
export function calleeTitle(model: Model, hierarchy: Hierarchy, operator: number, subgraph: number): string {
  const roles = calleesOf(model, operator).find((callee) => callee.subgraph === subgraph)?.roles ?? [];
  return `${roles.join(', ')}: ${hierarchy.groups[subgraph].name}`;
}

/**
 * All that can be open in a view of a group: the groups in it, its operators that run subgraphs, and the same of these
 * subgraphs.
 */
export function openableIn(model: Model, hierarchy: Hierarchy, root: number): number[] {
  const { groups } = hierarchy;
  const { start, end } = groups[root];
  const graphOf = new Int32Array(groups.length);
  for (const { id, parent } of groups) graphOf[id] = parent < 0 ? id : graphOf[parent];
  const ran = subgraphsRunFrom(model, hierarchy, root, graphOf);
  ran.delete(graphOf[root]);
  const ids: number[] = [];
  for (const group of groups)
    if (
      group.end > group.start &&
      (ran.has(graphOf[group.id]) || (group.id !== root && group.start >= start && group.end <= end))
    )
      ids.push(group.id);
  for (const operator of model.controlFlow.keys()) {
    const at = hierarchy.place[operator];
    if ((at >= start && at < end) || ran.has(graphOf[hierarchy.groupOf[operator]]))
      ids.push(openIdOf(hierarchy, operator));
  }
  return ids;
}

/** The subgraphs that are run by the operators of a group, and by those that these run, and so on. */
function subgraphsRunFrom(
  model: Model,
  hierarchy: Hierarchy,
  root: number,
  graphOf: Int32Array,
): Set<number> {
  const { start, end } = hierarchy.groups[root];
  const callers = new Map<number, number[]>();
  const found = new Set<number>();
  for (const operator of model.controlFlow.keys()) {
    const graph = graphOf[hierarchy.groupOf[operator]];
    const known = callers.get(graph);
    if (known === undefined) callers.set(graph, [operator]);
    else known.push(operator);
    const at = hierarchy.place[operator];
    if (at >= start && at < end) for (const { subgraph } of calleesOf(model, operator)) found.add(subgraph);
  }
  // A set goes on to what is added to it while it is gone through.
  for (const graph of found)
    for (const operator of callers.get(graph) ?? [])
      for (const { subgraph } of calleesOf(model, operator)) found.add(subgraph);
  return found;
}
