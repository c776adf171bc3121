/** Levels with nothing in them but what a trace holds: what is left is laid out anew, and leaves no gaps. */
import { rowOf } from '../wire/csr.ts';
import { subgraphOf, type Model } from '../wire/model.ts';
import { calleesOf, operatorOfOpenId } from './calls.ts';
import type { Hierarchy } from './hierarchy.ts';
import {
  CHILD,
  GRAPH_INPUT,
  GRAPH_OUTPUT,
  INPUT_PORT,
  OUTPUT_PORT,
  subgraphRoot,
  type Level,
} from './level.ts';
import type { Reached } from './reach.ts';

/** What of a model is laid out: what was reached, what that runs, and the operators that run it. */
export class Kept {
  private readonly operators: Uint8Array;
  /** How many operators are kept before each place of the hierarchy's order. */
  private readonly before: Int32Array;
  /** Subgraphs that are run by what was reached: nothing is left out of them. */
  private readonly whole = new Set<number>();

  constructor(
    private readonly model: Model,
    private readonly hierarchy: Hierarchy,
    private readonly reached: Reached,
  ) {
    this.operators = reached.operators.slice();
    this.keepCallees();
    this.keepCallers();
    const { order } = hierarchy;
    this.before = new Int32Array(order.length + 1);
    for (let at = 0; at < order.length; at++)
      this.before[at + 1] = this.before[at] + this.operators[order[at]];
  }

  /** Whether a group, or an operator by the number that it is open by, is kept. */
  has(id: number): boolean {
    const operator = operatorOfOpenId(this.hierarchy, id);
    if (operator >= 0) return this.operators[operator] === 1;
    const { start, end } = this.hierarchy.groups[id];
    return this.before[end] > this.before[start];
  }

  /** The part that is kept of what stands in a group, or in an open operator. */
  of(level: Level, id: number): Level {
    const { model, hierarchy, reached, whole } = this;
    const operator = operatorOfOpenId(hierarchy, id);
    const graph = operator >= 0 ? subgraphOf(model, operator) : subgraphRoot(hierarchy, id);
    if (whole.has(graph) || (operator >= 0 && reached.operators[operator] === 1)) return level;
    const isKept = (item: number): boolean => (item < 0 ? this.has(~item) : this.operators[item] === 1);
    return isolated(level, isKept, (tensor) => reached.tensors[tensor] === 1);
  }

  private keepCallees(): void {
    const { model, hierarchy, operators, whole } = this;
    const callers = [...model.controlFlow.keys()];
    const pending = callers.filter((caller) => operators[caller] === 1);
    for (const caller of pending)
      for (const { subgraph } of calleesOf(model, caller)) {
        if (whole.has(subgraph)) continue;
        whole.add(subgraph);
        const { start, end } = hierarchy.groups[subgraph];
        for (const inner of hierarchy.order.subarray(start, end)) {
          operators[inner] = 1;
          if (model.controlFlow.has(inner)) pending.push(inner);
        }
      }
  }

  /** The frames around what is kept. */
  private keepCallers(): void {
    const { model, hierarchy, operators } = this;
    const holdsAny = (subgraph: number): boolean => {
      const { start, end } = hierarchy.groups[subgraph];
      return hierarchy.order.subarray(start, end).some((inner) => operators[inner] === 1);
    };
    let hasMore = true;
    while (hasMore) {
      hasMore = false;
      for (const caller of model.controlFlow.keys())
        if (operators[caller] === 0 && calleesOf(model, caller).some(({ subgraph }) => holdsAny(subgraph))) {
          operators[caller] = 1;
          hasMore = true;
        }
    }
  }
}

/**
 * A part of a level: the children that are kept, what carries kept tensors between them, and the inputs, outputs and ports
 * of these.
 */
export function isolated(
  level: Level,
  isKept: (item: number) => boolean,
  isCarried: (tensor: number) => boolean,
): Level {
  const { kind, item, source, target, tensors } = level;
  const nodes = new Uint8Array(kind.length);
  for (let node = 0; node < nodes.length; node++)
    if (kind[node] === CHILD && isKept(item[node])) nodes[node] = 1;
  for (const ends of [level.inputs, level.outputs])
    for (const [tensor, node] of ends)
      if ((kind[node] === GRAPH_INPUT || kind[node] === GRAPH_OUTPUT) && isCarried(tensor)) nodes[node] = 1;
  const isPort = (node: number): boolean => kind[node] === INPUT_PORT || kind[node] === OUTPUT_PORT;
  const canMeet = (node: number): boolean => nodes[node] === 1 || isPort(node);
  const edges: number[] = [];
  const carried: number[] = [];
  const offsets = [0];
  for (let e = 0; e < source.length; e++) {
    if (!canMeet(source[e]) || !canMeet(target[e])) continue;
    const row = Array.from(rowOf(tensors, e)).filter(isCarried);
    if (row.length === 0) continue;
    edges.push(e);
    carried.push(...row);
    offsets.push(carried.length);
  }
  for (const e of edges) for (const end of [source[e], target[e]]) if (isPort(end)) nodes[end] = 1;
  const place = new Int32Array(nodes.length).fill(-1);
  let count = 0;
  for (let node = 0; node < nodes.length; node++) if (nodes[node] === 1) place[node] = count++;
  const moved = (ends: ReadonlyMap<number, number>): Map<number, number> =>
    new Map([...ends].filter(([, node]) => nodes[node] === 1).map(([tensor, node]) => [tensor, place[node]]));
  return {
    kind: kind.filter((_, node) => nodes[node] === 1),
    item: item.filter((_, node) => nodes[node] === 1),
    source: Int32Array.from(edges, (e) => place[source[e]]),
    target: Int32Array.from(edges, (e) => place[target[e]]),
    tensors: { offsets: Int32Array.from(offsets), values: Int32Array.from(carried) },
    inputs: moved(level.inputs),
    outputs: moved(level.outputs),
  };
}
