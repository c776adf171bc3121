/**
 * Horizontal positions after Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (Graph Drawing 2001):
 * nodes are aligned with a median neighbour into vertical blocks, four times (from above or below, preferring left or
 * right), and every node gets the mean of the two middle results.
 */
import { topologicalOrder } from './acyclic.ts';
import type { Layers } from './order.ts';
import { adjacency, type Adjacency } from './adjacency.ts';

/**
 * @param width of every node
 * @param gap between two neighbours in a layer
 * @param isDummy nodes that only carry a long edge: their runs are kept straight
 * @returns the centre of every node
 */
export function assignX(
  layers: Layers,
  above: Adjacency,
  below: Adjacency,
  width: Float64Array,
  gap: (left: number, right: number) => number,
  isDummy: (node: number) => boolean,
): Float64Array {
  const n = layers.nodes.length;
  const sortedAbove = sortByPlace(above, layers.place);
  const sortedBelow = sortByPlace(below, layers.place);
  const conflict = markConflicts(layers, sortedAbove, isDummy);
  const results: Float64Array[] = [];
  for (const downward of [true, false]) {
    for (const leftward of [true, false]) {
      const near = downward ? sortedAbove : sortedBelow;
      const root = align(layers, near, conflict, downward, leftward);
      results.push(compact(layers, root, width, gap, !leftward));
    }
  }
  return balance(n, results, width);
}

function sortByPlace(near: Adjacency, place: Int32Array): Adjacency {
  const node = near.node.slice();
  const edge = near.edge.slice();
  for (let v = 0; v + 1 < near.first.length; v++) {
    const start = near.first[v];
    const end = near.first[v + 1];
    if (end - start < 2) continue;
    const index = Array.from({ length: end - start }, (_, i) => start + i);
    index.sort((a, b) => place[near.node[a]] - place[near.node[b]] || a - b);
    for (const [i, from] of index.entries()) {
      node[start + i] = near.node[from];
      edge[start + i] = near.edge[from];
    }
  }
  return { first: near.first, node, edge };
}

/** Marks, by edge, what crosses the inner part of a long edge: it must not be aligned, the long edge shall be straight. */
function markConflicts(layers: Layers, above: Adjacency, isDummy: (node: number) => boolean): Uint8Array {
  const { first, nodes, place } = layers;
  const conflict = new Uint8Array(above.edge.length);
  for (let rank = 1; rank + 1 < first.length; rank++) {
    const start = first[rank];
    const end = first[rank + 1];
    let left = -1;
    let scanned = start;
    for (let i = start; i < end; i++) {
      const inner = innerAbove(nodes[i]);
      if (inner < 0 && i + 1 < end) continue;
      const right = inner >= 0 ? place[inner] : first[rank] - first[rank - 1];
      for (; scanned <= i; scanned++) {
        const v = nodes[scanned];
        for (let k = above.first[v]; k < above.first[v + 1]; k++) {
          const at = place[above.node[k]];
          const isInner = isDummy(v) && isDummy(above.node[k]);
          if (!isInner && (at < left || at > right)) conflict[above.edge[k]] = 1;
        }
      }
      left = right;
    }
  }
  return conflict;

  function innerAbove(v: number): number {
    if (!isDummy(v) || above.first[v] === above.first[v + 1]) return -1;
    const upper = above.node[above.first[v]];
    return isDummy(upper) ? upper : -1;
  }
}

/** The block of every node, named by one of its nodes. */
function align(
  layers: Layers,
  near: Adjacency,
  conflict: Uint8Array,
  downward: boolean,
  leftward: boolean,
): Int32Array {
  const { first, nodes, place } = layers;
  const n = nodes.length;
  const ranks = first.length - 1;
  const root = new Int32Array(n);
  const taken = new Uint8Array(n);
  for (let v = 0; v < n; v++) root[v] = v;
  for (let i = 1; i < ranks; i++) {
    const rank = downward ? i : ranks - 1 - i;
    const start = first[rank];
    const end = first[rank + 1];
    let limit = leftward ? -1 : Infinity;
    for (let k = 0; k < end - start; k++) {
      const v = nodes[leftward ? start + k : end - 1 - k];
      const degree = near.first[v + 1] - near.first[v];
      if (degree === 0) continue;
      const low = near.first[v] + ((degree - 1) >> 1);
      const high = near.first[v] + (degree >> 1);
      for (const at of leftward ? [low, high] : [high, low]) {
        const u = near.node[at];
        const free = leftward ? place[u] > limit : place[u] < limit;
        if (taken[u] === 0 && conflict[near.edge[at]] === 0 && free) {
          taken[u] = 1;
          root[v] = root[u];
          limit = place[u];
          break;
        }
      }
    }
  }
  return root;
}

/**
 * Places the blocks as far to the left as their neighbours allow, then moves each to the right while its neighbours there
 * allow it, which closes gaps. Mirrored, the same with left and right exchanged.
 */
function compact(
  layers: Layers,
  root: Int32Array,
  width: Float64Array,
  gap: (left: number, right: number) => number,
  mirrored: boolean,
): Float64Array {
  const { first, nodes } = layers;
  const n = nodes.length;
  const from = new Int32Array(n);
  const to = new Int32Array(n);
  const distance = new Float64Array(n);
  let count = 0;
  for (let rank = 0; rank + 1 < first.length; rank++)
    for (let i = first[rank] + 1; i < first[rank + 1]; i++) {
      const a = nodes[i - 1];
      const b = nodes[i];
      from[count] = root[mirrored ? b : a];
      to[count] = root[mirrored ? a : b];
      distance[count++] = (width[a] + width[b]) / 2 + gap(a, b);
    }
  const sources = from.subarray(0, count);
  const targets = to.subarray(0, count);
  const outgoing = adjacency(n, sources, targets);
  const incoming = adjacency(n, targets, sources);
  const { order } = topologicalOrder(n, sources, targets);
  const x = new Float64Array(n);
  for (const block of order)
    for (let i = incoming.first[block]; i < incoming.first[block + 1]; i++)
      x[block] = Math.max(x[block], x[incoming.node[i]] + distance[incoming.edge[i]]);
  for (let k = n - 1; k >= 0; k--) {
    const block = order[k];
    let most = Infinity;
    for (let i = outgoing.first[block]; i < outgoing.first[block + 1]; i++)
      most = Math.min(most, x[outgoing.node[i]] - distance[outgoing.edge[i]]);
    if (most !== Infinity) x[block] = Math.max(x[block], most);
  }
  const placed = new Float64Array(n);
  for (let v = 0; v < n; v++) placed[v] = mirrored ? -x[root[v]] : x[root[v]];
  return placed;
}

/** Shifts the four results to the sides of the narrowest and takes the mean of the two middle ones for every node. */
function balance(n: number, results: Float64Array[], width: Float64Array): Float64Array {
  const bounds = results.map((x) => {
    let low = Infinity;
    let high = -Infinity;
    for (let v = 0; v < n; v++) {
      low = Math.min(low, x[v] - width[v] / 2);
      high = Math.max(high, x[v] + width[v] / 2);
    }
    return { low, high };
  });
  const narrowest = bounds.reduce((a, b) => (b.high - b.low < a.high - a.low ? b : a));
  const shifts = bounds.map(({ low, high }, i) =>
    i % 2 === 0 ? narrowest.low - low : narrowest.high - high,
  );
  const x = new Float64Array(n);
  const four = new Float64Array(4);
  for (let v = 0; v < n; v++) {
    for (let i = 0; i < 4; i++) four[i] = results[i][v] + shifts[i];
    four.sort();
    x[v] = (four[1] + four[2]) / 2;
  }
  return x;
}
