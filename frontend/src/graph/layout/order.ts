import type { Steps } from '../steps.ts';
import { adjacency, type Adjacency } from './adjacency.ts';
import type { Proper } from './proper.ts';

/** Nodes rank by rank: rank r holds nodes[first[r] .. first[r + 1]] from left to right; place is the index within it. */
export interface Layers {
  first: Int32Array;
  nodes: Int32Array;
  place: Int32Array;
}

export interface Ordered {
  layers: Layers;
  crossings: number;
}

/** Up to this many nodes and dummies there is time to try more. */
const SMALL = 4000;

/** The order of all ranks with the fewest crossings that are found; `execution` is an order of the real nodes. */
export function* orderLayers(graph: Proper, execution: Int32Array): Steps<Ordered> {
  const { rank, ranks, above, below } = graph;
  const total = rank.length;
  const isSmall = total < SMALL;
  const starts: (() => Int32Array)[] = [() => walk(graph, true)];
  if (isSmall) {
    starts.push(() => walk(graph, false));
    starts.push(() => Int32Array.from({ length: total }, (_, i) => (i < graph.nodes ? execution[i] : i)));
  }
  let best: Ordered | null = null;
  for (const start of starts) {
    if (best?.crossings === 0) break;
    const layers = layersOf(rank, ranks, start());
    const crossings = yield* reduceCrossings(layers, above, below, isSmall ? 60 : 6);
    if (best === null || crossings < best.crossings) best = { layers, crossings };
  }
  return best!;
}

/**
 * The order in which a walk along the edges comes to the nodes, so that what belongs together stands together. It goes
 * depth first, onward before back: down and starting at the top, or the other way around.
 */
function walk({ rank, ranks, ties }: Proper, downwards: boolean): Int32Array {
  const n = rank.length;
  const near = downwards ? bothWays(n, ties.from, ties.to) : bothWays(n, ties.to, ties.from);
  const order = new Int32Array(n);
  const seen = new Uint8Array(n);
  const stack: number[] = [];
  let count = 0;
  const fromTop = layersOf(
    rank,
    ranks,
    Int32Array.from({ length: n }, (_, v) => v),
  ).nodes;
  for (const start of downwards ? fromTop : fromTop.reverse()) {
    if (seen[start] === 1) continue;
    stack.push(start);
    for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
      if (seen[v] === 1) continue;
      seen[v] = 1;
      order[count++] = v;
      for (let i = near.first[v + 1] - 1; i >= near.first[v]; i--)
        if (seen[near.node[i]] === 0) stack.push(near.node[i]);
    }
  }
  return order;
}

/** For every node where edges lead from it, and then where they come from. */
function bothWays(n: number, from: Int32Array, to: Int32Array): Adjacency {
  const keys = new Int32Array(2 * from.length);
  const nodes = new Int32Array(2 * from.length);
  keys.set(from);
  keys.set(to, from.length);
  nodes.set(to);
  nodes.set(from, from.length);
  return adjacency(n, keys, nodes);
}

/** Nodes into layers, left to right in the order given. */
export function layersOf(rank: Int32Array, ranks: number, order: Int32Array): Layers {
  const first = new Int32Array(ranks + 1);
  for (const r of rank) first[r + 1]++;
  for (let r = 0; r < ranks; r++) first[r + 1] += first[r];
  const fill = first.slice(0, ranks);
  const nodes = new Int32Array(rank.length);
  const place = new Int32Array(rank.length);
  for (const v of order) {
    place[v] = fill[rank[v]] - first[rank[v]];
    nodes[fill[rank[v]]++] = v;
  }
  return { first, nodes, place };
}

/**
 * Reorders the layers to reduce crossings: sweeps that sort a layer by the mean place of its neighbours in the layer
 * before, then swaps of neighbours, keeping the best order seen. Returns the crossings that are left.
 */
export function* reduceCrossings(
  layers: Layers,
  above: Adjacency,
  below: Adjacency,
  effort: number,
): Steps<number> {
  const ranks = layers.first.length - 1;
  const key = new Float64Array(layers.nodes.length);
  let best = layers.nodes.slice();
  let fewest = countCrossings(layers, below);
  for (let sweep = 0, idle = 0; sweep < effort && fewest > 0 && idle < 8; sweep++) {
    yield 'reducing crossings';
    for (let i = 1; i < ranks; i++) {
      if (sweep % 2 === 0) sortLayer(layers, i, above, key, sweep % 4 < 2);
      else sortLayer(layers, ranks - 1 - i, below, key, sweep % 4 < 2);
    }
    swapNeighbours(layers, above, below, sweep % 3 === 2);
    const crossings = countCrossings(layers, below);
    idle++;
    if (crossings < fewest) {
      fewest = crossings;
      best = layers.nodes.slice();
      idle = 0;
    }
  }
  layers.nodes.set(best);
  for (let r = 0; r < ranks; r++) replace(layers, r);
  return fewest;
}

/** Sorts a layer by the mean place of neighbours; nodes without any stay where they are. */
function sortLayer(
  layers: Layers,
  rank: number,
  near: Adjacency,
  key: Float64Array,
  keepTies: boolean,
): void {
  const { first, nodes, place } = layers;
  const start = first[rank];
  const end = first[rank + 1];
  if (end - start < 2) return;
  const moving: number[] = [];
  const slots: number[] = [];
  for (let i = start; i < end; i++) {
    const v = nodes[i];
    const degree = near.first[v + 1] - near.first[v];
    if (degree === 0) continue;
    let sum = 0;
    for (let k = near.first[v]; k < near.first[v + 1]; k++) sum += place[near.node[k]];
    key[v] = sum / degree;
    moving.push(v);
    slots.push(i);
  }
  moving.sort((a, b) => key[a] - key[b] || (keepTies ? place[a] - place[b] : place[b] - place[a]));
  for (const [i, slot] of slots.entries()) nodes[slot] = moving[i];
  replace(layers, rank);
}

function replace(layers: Layers, rank: number): void {
  const { first, nodes, place } = layers;
  for (let i = first[rank]; i < first[rank + 1]; i++) place[nodes[i]] = i - first[rank];
}

/**
 * Swaps neighbours in a layer while that removes crossings with the layers above and below; or once, also where it neither
 * removes nor adds any, which opens ways to better orders.
 */
function swapNeighbours(layers: Layers, above: Adjacency, below: Adjacency, alsoEqual: boolean): void {
  const { first, nodes, place } = layers;
  const least = alsoEqual ? 0 : 1;
  const rounds = alsoEqual ? 1 : 8;
  for (let rank = 0; rank + 1 < first.length; rank++) {
    const start = first[rank];
    const end = first[rank + 1];
    if (end - start < 2 || end - start > 400) continue;
    for (let round = 0, improved = true; improved && round < rounds; round++) {
      improved = false;
      for (let i = start; i + 1 < end; i++) {
        const v = nodes[i];
        const w = nodes[i + 1];
        if (gain(v, w, above) + gain(v, w, below) < least) continue;
        nodes[i] = w;
        nodes[i + 1] = v;
        place[w]--;
        place[v]++;
        improved = true;
      }
    }
  }

  /** Crossings that the edges of v and w have less when w stands before v. */
  function gain(v: number, w: number, near: Adjacency): number {
    let difference = 0;
    for (let i = near.first[v]; i < near.first[v + 1]; i++)
      for (let k = near.first[w]; k < near.first[w + 1]; k++)
        difference += Math.sign(place[near.node[i]] - place[near.node[k]]);
    return difference;
  }
}

/** Edge crossings between all neighbouring layers, by counting inversions with a Fenwick tree. */
export function countCrossings(layers: Layers, below: Adjacency): number {
  const { first, nodes, place } = layers;
  let total = 0;
  let tree = new Int32Array(64);
  for (let rank = 0; rank + 2 < first.length; rank++) {
    const width = first[rank + 2] - first[rank + 1];
    if (width < 2 || first[rank + 1] - first[rank] < 2) continue;
    if (tree.length <= width) tree = new Int32Array(2 * width);
    else tree.fill(0, 0, width + 1);
    let seen = 0;
    for (let i = first[rank]; i < first[rank + 1]; i++) {
      const v = nodes[i];
      for (let k = below.first[v]; k < below.first[v + 1]; k++) {
        let notAfter = 0;
        for (let at = place[below.node[k]] + 1; at > 0; at -= at & -at) notAfter += tree[at];
        total += seen - notAfter;
      }
      for (let k = below.first[v]; k < below.first[v + 1]; k++) {
        seen++;
        for (let at = place[below.node[k]] + 1; at <= width; at += at & -at) tree[at]++;
      }
    }
  }
  return total;
}
