/**
 * One level of the hierarchy as a graph: the children of a group, and the edges of the operators inside lifted to them.
 * What crosses the group's border meets a port, one per tensor; at the top of a subgraph its inputs and outputs stand.
 */
import { rowOf, type Csr } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import type { Hierarchy } from './hierarchy.ts';

export const CHILD = 0;
export const INPUT_PORT = 1;
export const OUTPUT_PORT = 2;
export const GRAPH_INPUT = 3;
export const GRAPH_OUTPUT = 4;

export interface Level {
  /** CHILD, … per node. */
  kind: Uint8Array;
  /** A child as operator id or ~group; the tensor of a port, graph input or graph output. */
  item: Int32Array;
  source: Int32Array;
  target: Int32Array;
  /** The tensors that each edge carries. */
  tensors: Csr;
}

/** Ports beyond this many share the last one. */
const MAX_PORTS = 32;

/** The children of a group, or with `flat` all operators in it. */
export function buildLevel(model: Model, hierarchy: Hierarchy, groupId: number, flat: boolean): Level {
  const group = hierarchy.groups[groupId];
  const atTop = group.parent < 0;
  const { host, order } = hierarchy;
  const builder = new LevelBuilder();
  if (atTop) for (const tensor of rowOf(model.subgraphInputs, groupId)) if (tensor >= 0) builder.input(tensor, true);
  const children = flat
    ? Array.from(order.subarray(group.start, group.end))
        .filter((op) => host[op] < 0)
        .sort((a, b) => a - b)
    : group.children;
  const childAt = nodesByPlace(hierarchy, group.start, group.end, children, builder);

  const isInput = new Set(rowOf(model.subgraphInputs, subgraphRoot(hierarchy, groupId)));
  const isOutput = new Set(rowOf(model.subgraphOutputs, subgraphRoot(hierarchy, groupId)));
  const nodeOf = (op: number): number => {
    const at = hierarchy.place[host[op] >= 0 ? host[op] : op] - group.start;
    return at >= 0 && at < childAt.length ? childAt[at] : -1;
  };
  for (let at = group.start; at < group.end; at++) {
    const op = order[at];
    if (host[op] >= 0) continue;
    const node = childAt[at - group.start];
    for (const tensor of rowOf(model.inputs, op)) {
      if (tensor < 0) continue;
      const from = model.producer[tensor];
      if (from < 0 ? !isInput.has(tensor) : host[from] >= 0) continue;
      const inside = from < 0 ? -1 : nodeOf(from);
      builder.edge(inside >= 0 ? inside : builder.input(tensor, atTop), node, tensor);
    }
  }
  for (let at = group.start; at < group.end; at++) {
    const op = order[at];
    if (host[op] >= 0) continue;
    for (const tensor of rowOf(model.outputs, op)) {
      if (tensor < 0) continue;
      const leaves = isOutput.has(tensor) || (!atTop && rowOf(model.consumers, tensor).some((user) => nodeOf(user) < 0));
      if (leaves) builder.edge(childAt[at - group.start], builder.output(tensor, atTop), tensor);
    }
  }
  if (atTop) {
    for (const tensor of isOutput) if (isInput.has(tensor)) builder.edge(builder.input(tensor, true), builder.output(tensor, true), tensor);
  }
  return builder.finish();
}

/** The subgraph that a group belongs to; subgraphs are the first groups. */
export function subgraphRoot(hierarchy: Hierarchy, groupId: number): number {
  let id = groupId;
  while (hierarchy.groups[id].parent >= 0) id = hierarchy.groups[id].parent;
  return id;
}

function nodesByPlace(
  hierarchy: Hierarchy,
  start: number,
  end: number,
  children: number[],
  builder: LevelBuilder,
): Int32Array {
  const childAt = new Int32Array(end - start).fill(-1);
  for (const child of children) {
    const node = builder.add(CHILD, child);
    if (child >= 0) childAt[hierarchy.place[child] - start] = node;
    else {
      const inner = hierarchy.groups[~child];
      childAt.fill(node, inner.start - start, inner.end - start);
    }
  }
  return childAt;
}

class LevelBuilder {
  private readonly kinds: number[] = [];
  private readonly items: number[] = [];
  private readonly inputs = new Map<number, number>();
  private readonly outputs = new Map<number, number>();
  private readonly known = new Map<number, number>();
  private readonly sources: number[] = [];
  private readonly targets: number[] = [];
  private readonly carried: number[][] = [];

  add(kind: number, item: number): number {
    this.kinds.push(kind);
    return this.items.push(item) - 1;
  }

  input(tensor: number, atTop: boolean): number {
    return this.border(this.inputs, atTop ? GRAPH_INPUT : INPUT_PORT, tensor);
  }

  output(tensor: number, atTop: boolean): number {
    return this.border(this.outputs, atTop ? GRAPH_OUTPUT : OUTPUT_PORT, tensor);
  }

  edge(source: number, target: number, tensor: number): void {
    if (source === target) return;
    const key = source * 0x4000000 + target;
    const edge = this.known.get(key);
    if (edge === undefined) {
      this.known.set(key, this.sources.length);
      this.sources.push(source);
      this.targets.push(target);
      this.carried.push([tensor]);
    } else if (!this.carried[edge].includes(tensor)) this.carried[edge].push(tensor);
  }

  /** Nodes in the order of execution: what comes in, the children, what goes out. */
  finish(): Level {
    const rankOf = (kind: number): number =>
      kind === INPUT_PORT || kind === GRAPH_INPUT ? 0 : kind === CHILD ? 1 : 2;
    const order = this.kinds.map((_, node) => node);
    order.sort((a, b) => rankOf(this.kinds[a]) - rankOf(this.kinds[b]) || a - b);
    const renumbered = new Int32Array(order.length);
    for (const [place, node] of order.entries()) renumbered[node] = place;
    const offsets = new Int32Array(this.carried.length + 1);
    for (const [i, tensors] of this.carried.entries()) offsets[i + 1] = offsets[i] + tensors.length;
    return {
      kind: Uint8Array.from(order, (node) => this.kinds[node]),
      item: Int32Array.from(order, (node) => this.items[node]),
      source: Int32Array.from(this.sources, (node) => renumbered[node]),
      target: Int32Array.from(this.targets, (node) => renumbered[node]),
      tensors: { offsets, values: Int32Array.from(this.carried.flat()) },
    };
  }

  private border(ports: Map<number, number>, kind: number, tensor: number): number {
    let node = ports.get(tensor);
    if (node === undefined) {
      const isPort = kind === INPUT_PORT || kind === OUTPUT_PORT;
      const full = isPort && ports.size >= MAX_PORTS;
      node = full ? [...ports.values()][MAX_PORTS - 1] : this.add(kind, tensor);
      ports.set(tensor, node);
    }
    return node;
  }
}
