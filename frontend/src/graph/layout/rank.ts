import type { Ordering } from './acyclic.ts';

/** Where a node has to stand, whatever its edges say. */
export const FREE = 0;
export const FIRST = 1;
export const LAST = 2;

const PASSES = 8;

/**
 * Ranks with every edge going down: the longest path from the top, then nodes with slack move to their neighbours, which
 * shortens edges much as the network simplex method would at a fraction of its cost.
 *
 * @param source,target edges that go forward in the ordering
 * @param pulls whether each edge draws its ends together (edges that will be cut need not)
 */
export function assignRanks(
  ordering: Ordering,
  source: Int32Array,
  target: Int32Array,
  pinned: Uint8Array,
  pulls: Uint8Array | null,
): Int32Array {
  const { order } = ordering;
  const n = order.length;
  const above = adjacency(n, target, source);
  const below = adjacency(n, source, target);
  const rank = new Int32Array(n);
  const hasFirst = pinned.includes(FIRST);
  const hasLast = pinned.includes(LAST);
  let last = 0;
  for (const v of order) {
    for (let i = above.first[v]; i < above.first[v + 1]; i++) rank[v] = Math.max(rank[v], rank[above.node[i]] + 1);
    if (pinned[v] !== FIRST && hasFirst) rank[v] = Math.max(rank[v], 1);
    if (pinned[v] !== LAST) last = Math.max(last, rank[v]);
  }
  if (hasLast) for (let v = 0; v < n; v++) if (pinned[v] === LAST) rank[v] = last + 1;
  tighten();
  return rank;

  function tighten(): void {
    const balance = new Int32Array(n);
    for (let e = 0; e < source.length; e++)
      if (pulls === null || pulls[e] !== 0) {
        balance[source[e]]++;
        balance[target[e]]--;
      }
    for (let pass = 0, moved = true; moved && pass < PASSES; pass++) {
      moved = false;
      for (let i = 0; i < n; i++) {
        const v = order[pass % 2 === 0 ? n - 1 - i : i];
        if (pinned[v] !== FREE || balance[v] === 0) continue;
        const to = balance[v] > 0 ? lowest(v) : highest(v);
        if (to !== rank[v]) {
          rank[v] = to;
          moved = true;
        }
      }
    }
  }

  function lowest(v: number): number {
    let least = Infinity;
    for (let i = below.first[v]; i < below.first[v + 1]; i++) least = Math.min(least, rank[below.node[i]] - 1);
    return least === Infinity ? rank[v] : least;
  }

  function highest(v: number): number {
    let most = -1;
    for (let i = above.first[v]; i < above.first[v + 1]; i++) most = Math.max(most, rank[above.node[i]] + 1);
    return most < 0 ? rank[v] : most;
  }
}

/** For every key its nodes: node[first[k] .. first[k + 1]]. */
export interface Adjacency {
  first: Int32Array;
  node: Int32Array;
  edge: Int32Array;
}

export function adjacency(n: number, keys: Int32Array, nodes: Int32Array): Adjacency {
  const first = new Int32Array(n + 1);
  for (const key of keys) first[key + 1]++;
  for (let v = 0; v < n; v++) first[v + 1] += first[v];
  const fill = first.slice(0, n);
  const node = new Int32Array(keys.length);
  const edge = new Int32Array(keys.length);
  for (let e = 0; e < keys.length; e++) {
    const at = fill[keys[e]]++;
    node[at] = nodes[e];
    edge[at] = e;
  }
  return { first, node, edge };
}
