/** Weights by layer: the groups of the graph, in them operators, in these the tensors that they read. */
import type { Hierarchy } from '../graph/hierarchy.ts';
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import { squarify, type Rect } from './squarify.ts';

/** `all` holds several subgraphs; `rest` is what is too small to be drawn one by one. */
export interface WeightNode {
  kind: 'all' | 'group' | 'operator' | 'tensor' | 'rest';
  id: number;
  bytes: number;
  children: WeightNode[];
}

/** A node with its place; leaves are drawn filled, the others are frames with a heading where there is room. */
export interface Block {
  node: WeightNode;
  /** The operator that a tensor belongs to, -1 for none. */
  operator: number;
  rect: Rect;
  heading: boolean;
}

export const HEADING = 16;
const PADDING = 2;
/** Square pixels below which a cell is not drawn by itself. */
const LEAST = 64;

/** The operator that a weight is drawn in: the first that reads it, or the one which that is folded into. */
export function readerOf(model: Model, hierarchy: Hierarchy, tensor: number): number {
  const readers = rowOf(model.consumers, tensor);
  let operator = readers.length > 0 ? readers[0] : -1;
  while (operator >= 0 && hierarchy.host[operator] >= 0) operator = hierarchy.host[operator];
  return operator;
}

/** @param bytes of every tensor, not a number or 0 for those that are no weights */
export function weightTree(model: Model, hierarchy: Hierarchy, bytes: Float64Array): WeightNode {
  const all: WeightNode = { kind: 'all', id: -1, bytes: 0, children: [] };
  const operators = new Map<number, WeightNode>();
  const groups = new Map<number, WeightNode>();
  /** Hangs a node into a group, and that into the group around it, up to one that hangs already. */
  const hang = (node: WeightNode, group: number): void => {
    let child = node;
    for (let id = group; id >= 0; id = hierarchy.groups[id].parent) {
      const known = groups.get(id);
      if (known !== undefined) {
        known.children.push(child);
        return;
      }
      child = { kind: 'group', id, bytes: 0, children: [child] };
      groups.set(id, child);
    }
    all.children.push(child);
  };
  for (const [tensor, size] of bytes.entries()) {
    if (!(size > 0)) continue;
    const leaf: WeightNode = { kind: 'tensor', id: tensor, bytes: size, children: [] };
    const id = readerOf(model, hierarchy, tensor);
    const known = operators.get(id);
    if (id < 0) all.children.push(leaf);
    else if (known !== undefined) known.children.push(leaf);
    else {
      const operator: WeightNode = { kind: 'operator', id, bytes: 0, children: [leaf] };
      operators.set(id, operator);
      hang(operator, hierarchy.groupOf[id]);
    }
  }
  return shorten(added(all));
}

/** Sums from the leaves up, largest children first. */
function added(root: WeightNode): WeightNode {
  const order: WeightNode[] = [root];
  for (const node of order) order.push(...node.children);
  for (const node of order.reverse()) {
    if (node.children.length > 0) node.bytes = node.children.reduce((sum, { bytes }) => sum + bytes, 0);
    node.children.sort((a, b) => b.bytes - a.bytes);
  }
  return root;
}

/** A frame around a single frame says nothing. */
function shorten(root: WeightNode): WeightNode {
  let top = root;
  while (top.children.length === 1 && top.children[0].kind === 'group') top = top.children[0];
  return top;
}

/** Everything that has room in a rectangle, frames before what is in them. */
export function layoutTree(root: WeightNode, area: Rect): Block[] {
  const blocks: Block[] = [];
  const open: { node: WeightNode; operator: number; area: Rect }[] = [{ node: root, operator: -1, area }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const children = withRest(next.node, next.area);
    const rects = squarify(
      children.map(({ bytes }) => bytes),
      next.area,
    );
    for (const [i, node] of children.entries()) {
      const operator = node.kind === 'operator' ? node.id : next.operator;
      const heading = node.kind === 'group' && rects[i].width > 44 && rects[i].height > 3 * HEADING;
      const inner = inside(rects[i], node.kind === 'group' ? PADDING : 0, heading ? HEADING : 0);
      const isFrame = node.kind !== 'rest' && node.children.length > 0 && inner.width * inner.height > LEAST;
      const leaf = isFrame ? node : onlyTensor(node);
      blocks.push({ node: leaf, operator, rect: rects[i], heading });
      if (isFrame) open.push({ node, operator, area: inner });
    }
  }
  return blocks;
}

/** The tensors in a node. */
export function tensorsIn(node: WeightNode): number[] {
  const order: WeightNode[] = [node];
  for (const next of order) order.push(...next.children);
  return order.filter(({ kind }) => kind === 'tensor').map(({ id }) => id);
}

/** What stands for a frame without room: the tensor in it where there is but one. */
function onlyTensor(node: WeightNode): WeightNode {
  let inner = node;
  while (inner.children.length === 1) inner = inner.children[0];
  return inner.kind === 'tensor' ? inner : node;
}

function inside({ x, y, width, height }: Rect, padding: number, heading: number): Rect {
  return {
    x: x + padding,
    y: y + padding + heading,
    width: Math.max(width - 2 * padding, 0),
    height: Math.max(height - 2 * padding - heading, 0),
  };
}

function withRest(node: WeightNode, area: Rect): WeightNode[] {
  const least = (LEAST * node.bytes) / (area.width * area.height);
  const drawn = node.children.filter(({ bytes }) => bytes >= least);
  const rest = node.children.slice(drawn.length);
  if (rest.length < 2) return node.children;
  const bytes = rest.reduce((sum, child) => sum + child.bytes, 0);
  const joined: WeightNode = { kind: 'rest', id: node.id, bytes, children: rest };
  return [...drawn, joined].sort((a, b) => b.bytes - a.bytes);
}
