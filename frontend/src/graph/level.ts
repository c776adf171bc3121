/**
 * One level of the hierarchy as a graph: the children of a group, and the edges of the operators inside lifted to them.
 * What crosses the group's border meets a port, one per tensor; at the top of a subgraph its inputs and outputs stand.
 */
import { csrFromPairs, rowOf, type Csr } from '../wire/csr.ts';
import { subgraphOf, type Model } from '../wire/model.ts';
import { calleesOf, firstPassed, handedOn, isLoop } from './calls.ts';
import { sharedEndpoints } from './endpoints.ts';
import type { Group, Hierarchy } from './hierarchy.ts';

export const CHILD = 0;
export const INPUT_PORT = 1;
export const OUTPUT_PORT = 2;
export const GRAPH_INPUT = 3;
export const GRAPH_OUTPUT = 4;

/** Nodes are in the order of execution: what comes in, the children, what goes out. */
export interface Level {
  /** CHILD, … per node. */
  kind: Uint8Array;
  /** A child as operator id or ~group; the tensor of a port, graph input or graph output. */
  item: Int32Array;
  /** At most one edge between two nodes. */
  source: Int32Array;
  target: Int32Array;
  /** The tensors that each edge carries. */
  tensors: Csr;
  /** The nodes by which tensors come in and go out. */
  inputs: ReadonlyMap<number, number>;
  outputs: ReadonlyMap<number, number>;
}

/** Ports beyond this many share the last one. */
export const MAX_PORTS = 32;

/**
 * The children of a group, or with `flat` all operators in it.
 *
 * @param caller the operator within which a subgraph is shown: the tensors that it hands on come in and go out by ports,
 * as do those of a group
 */
export function buildLevel(
  model: Model,
  hierarchy: Hierarchy,
  groupId: number,
  flat: boolean,
  caller = -1,
): Level {
  const { host } = hierarchy;
  const group = hierarchy.groups[groupId];
  const isGraph = group.parent < 0;
  const atTop = isGraph && caller < 0;
  const graph = subgraphRoot(hierarchy, groupId);
  const graphInputs = new Set(rowOf(model.subgraphInputs, graph));
  const graphOutputs = new Set(rowOf(model.subgraphOutputs, graph));
  const operators = hierarchy.order.subarray(group.start, group.end).filter((op) => host[op] < 0);
  const shared = atTop && {
    inputs: sharedEndpoints(model, graphInputs),
    outputs: sharedEndpoints(model, graphOutputs),
  };
  const nodes = new Nodes(shared || null);
  if (atTop) for (const tensor of graphInputs) if (tensor >= 0) nodes.input(tensor);
  const childOf = addChildren(hierarchy, group, flat ? operators.slice().sort() : group.children, nodes);
  const nodeOf = (op: number): number => {
    const at = hierarchy.place[host[op] >= 0 ? host[op] : op] - group.start;
    return at >= 0 && at < childOf.length ? childOf[at] : -1;
  };
  const edges = new Edges();
  for (const op of operators)
    for (const tensor of rowOf(model.inputs, op)) {
      if (tensor < 0) continue;
      const from = model.producer[tensor];
      if (from < 0 ? !graphInputs.has(tensor) : host[from] >= 0) continue;
      const inside = from < 0 ? -1 : nodeOf(from);
      edges.add(inside >= 0 ? inside : nodes.input(tensor), nodeOf(op), tensor);
    }
  const isReadOutside = (tensor: number): boolean =>
    rowOf(model.consumers, tensor).some((user) => nodeOf(user) < 0);
  for (const op of operators)
    for (const tensor of rowOf(model.outputs, op))
      if (tensor >= 0 && (graphOutputs.has(tensor) || (!atTop && isReadOutside(tensor))))
        edges.add(nodeOf(op), nodes.output(tensor), tensor);
  if (isGraph)
    for (const tensor of graphOutputs)
      if (graphInputs.has(tensor) && tensor >= 0)
        edges.add(nodes.input(tensor), nodes.output(tensor), tensor);
  const level = levelOf(nodes, edges);
  return caller < 0 ? level : withPortsOf(level, handedOn(model, caller, groupId));
}

/**
 * What an operator runs: its subgraphs between its inputs and its outputs. A loop's condition and body hand the state to
 * each other, the one edge against the flow that there is.
 */
export function buildCallLevel(model: Model, hierarchy: Hierarchy, operator: number): Level {
  const nodes = new Nodes(null);
  const edges = new Edges();
  const callees = calleesOf(model, operator);
  const boxes = callees.map(({ subgraph }) => nodes.add(CHILD, ~subgraph));
  const given = operandsThatFlow(model, hierarchy, operator, firstPassed(callees));
  const results = Array.from(rowOf(model.outputs, operator)).filter((tensor) => tensor >= 0);
  const [first, second] = boxes;
  const ends = isLoop(callees) ? [first] : boxes;
  for (const box of ends) for (const tensor of given) edges.add(nodes.input(tensor), box, tensor);
  if (isLoop(callees)) {
    // Constants are where the state begins: from then on it flows too.
    for (const tensor of rowOf(model.inputs, operator)) if (tensor >= 0) edges.add(first, second, tensor);
    for (const tensor of results) edges.add(second, first, tensor);
  }
  const outputs = new Set(rowOf(model.subgraphOutputs, subgraphOf(model, operator)));
  const used = results.filter((tensor) => outputs.has(tensor) || rowOf(model.consumers, tensor).length > 0);
  for (const box of ends) for (const tensor of used) edges.add(box, nodes.output(tensor), tensor);
  return levelOf(nodes, edges);
}

/** The ports of a subgraph are also those of the tensors of the operator around it. */
function withPortsOf(level: Level, { inputs, outputs }: ReturnType<typeof handedOn>): Level {
  const both = (ports: ReadonlyMap<number, number>, pairs: [number, number][]): Map<number, number> => {
    const all = new Map(ports);
    for (const [outer, inner] of pairs) {
      const port = ports.get(inner);
      if (port !== undefined) all.set(outer, port);
    }
    return all;
  };
  return { ...level, inputs: both(level.inputs, inputs), outputs: both(level.outputs, outputs) };
}

/** The inputs of an operator, from one on, that other operators or the subgraph give it. */
function operandsThatFlow(model: Model, { host }: Hierarchy, operator: number, first: number): number[] {
  const graphInputs = new Set(rowOf(model.subgraphInputs, subgraphOf(model, operator)));
  return Array.from(rowOf(model.inputs, operator).subarray(first)).filter((tensor) => {
    const from = tensor < 0 ? -1 : model.producer[tensor];
    return from < 0 ? tensor >= 0 && graphInputs.has(tensor) : host[from] < 0;
  });
}

/** The subgraph that a group belongs to; subgraphs are the first groups. */
export function subgraphRoot(hierarchy: Hierarchy, groupId: number): number {
  let id = groupId;
  while (hierarchy.groups[id].parent >= 0) id = hierarchy.groups[id].parent;
  return id;
}

/** Adds the children; returns the node of every operator, by its place in the group. */
function addChildren(
  hierarchy: Hierarchy,
  group: Group,
  children: Iterable<number>,
  nodes: Nodes,
): Int32Array {
  const childOf = new Int32Array(group.end - group.start).fill(-1);
  for (const child of children) {
    const node = nodes.add(CHILD, child);
    if (child >= 0) childOf[hierarchy.place[child] - group.start] = node;
    else {
      const inner = hierarchy.groups[~child];
      childOf.fill(node, inner.start - group.start, inner.end - group.start);
    }
  }
  return childOf;
}

/** The nodes by which tensors come in, or go out, and the port that was made last. */
interface Border {
  nodeOf: Map<number, number>;
  last: number;
}

class Nodes {
  readonly kinds: number[] = [];
  readonly items: number[] = [];
  readonly inputs: Border = { nodeOf: new Map(), last: -1 };
  readonly outputs: Border = { nodeOf: new Map(), last: -1 };

  /** @param shared at the top of a subgraph, which of its inputs and outputs stand in the box of another; else null */
  constructor(private readonly shared: Record<'inputs' | 'outputs', ReadonlyMap<number, number>> | null) {}

  add(kind: number, item: number): number {
    this.kinds.push(kind);
    return this.items.push(item) - 1;
  }

  input(tensor: number): number {
    const { inputs, shared } = this;
    return shared === null
      ? this.port(inputs, INPUT_PORT, tensor)
      : this.end(inputs, GRAPH_INPUT, tensor, shared.inputs);
  }

  output(tensor: number): number {
    const { outputs, shared } = this;
    return shared === null
      ? this.port(outputs, OUTPUT_PORT, tensor)
      : this.end(outputs, GRAPH_OUTPUT, tensor, shared.outputs);
  }

  private port(border: Border, kind: number, tensor: number): number {
    let node = border.nodeOf.get(tensor);
    if (node === undefined) {
      if (border.nodeOf.size < MAX_PORTS) border.last = this.add(kind, tensor);
      node = border.last;
      border.nodeOf.set(tensor, node);
    }
    return node;
  }

  private end(border: Border, kind: number, tensor: number, shared: ReadonlyMap<number, number>): number {
    const known = border.nodeOf.get(tensor);
    if (known !== undefined) return known;
    const first = shared.get(tensor) ?? tensor;
    const node = border.nodeOf.get(first) ?? this.add(kind, first);
    border.nodeOf.set(first, node).set(tensor, node);
    return node;
  }
}

/** Edges as they are found, one for each operand of each operator. */
class Edges {
  readonly sources: number[] = [];
  readonly targets: number[] = [];
  readonly tensors: number[] = [];

  add(source: number, target: number, tensor: number): void {
    if (source === target) return;
    this.sources.push(source);
    this.targets.push(target);
    this.tensors.push(tensor);
  }
}

function levelOf(nodes: Nodes, edges: Edges): Level {
  const { kinds, items } = nodes;
  const order = nodesInOrder(kinds);
  const place = new Int32Array(order.length);
  for (const [at, node] of order.entries()) place[node] = at;
  const moved = ({ nodeOf }: Border): Map<number, number> =>
    new Map(Array.from(nodeOf, ([tensor, node]) => [tensor, place[node]]));
  return {
    kind: Uint8Array.from(order, (node) => kinds[node]),
    item: Int32Array.from(order, (node) => items[node]),
    ...joined(
      order.length,
      Int32Array.from(edges.sources, (node) => place[node]),
      Int32Array.from(edges.targets, (node) => place[node]),
      edges.tensors,
    ),
    inputs: moved(nodes.inputs),
    outputs: moved(nodes.outputs),
  };
}

function nodesInOrder(kinds: number[]): Int32Array {
  const stage = Uint8Array.from(kinds, (kind) =>
    kind === INPUT_PORT || kind === GRAPH_INPUT ? 0 : kind === CHILD ? 1 : 2,
  );
  return csrFromPairs(
    3,
    stage,
    kinds.map((_, node) => node),
  ).values;
}

/** One edge for all operands between the same two nodes, and the tensors of each, each once. */
function joined(
  n: number,
  sources: Int32Array,
  targets: Int32Array,
  tensors: number[],
): Pick<Level, 'source' | 'target' | 'tensors'> {
  const bySource = csrFromPairs(
    n,
    sources,
    tensors.map((_, i) => i),
  );
  const source: number[] = [];
  const target: number[] = [];
  const edgeOf = new Int32Array(tensors.length);
  const edgeTo = new Int32Array(n).fill(-1);
  for (let v = 0; v < n; v++) {
    const before = source.length;
    for (const i of rowOf(bySource, v)) {
      const to = targets[i];
      if (edgeTo[to] < before) {
        edgeTo[to] = source.push(v) - 1;
        target.push(to);
      }
      edgeOf[i] = edgeTo[to];
    }
  }
  return {
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    tensors: withoutRepeats(csrFromPairs(source.length, edgeOf, tensors)),
  };
}

function withoutRepeats({ offsets, values }: Csr): Csr {
  const kept = new Int32Array(values.length);
  const ends = new Int32Array(offsets.length);
  let count = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    if (offsets[row + 1] - offsets[row] === 1) kept[count++] = values[offsets[row]];
    else for (const value of new Set(values.subarray(offsets[row], offsets[row + 1]))) kept[count++] = value;
    ends[row + 1] = count;
  }
  return { offsets: ends, values: kept.subarray(0, count) };
}
