import { adjacency, type Adjacency } from './adjacency.ts';

/** Where a node has to stand, whatever its edges say. */
export const FREE = 0;
export const FIRST = 1;
export const LAST = 2;

const PASSES = 8;

/** Edges that all go forward in an order of the nodes. */
export interface Flow {
  order: Int32Array;
  source: Int32Array;
  target: Int32Array;
  above: Adjacency;
  below: Adjacency;
}

/** Says of an edge whether it counts. */
export type EdgeTest = (edge: number) => boolean;

export function flowOf(order: Int32Array, source: Int32Array, target: Int32Array): Flow {
  const above = adjacency(order.length, target, source);
  const below = adjacency(order.length, source, target);
  return { order, source, target, above, below };
}

/**
 * Ranks with every edge going down: the longest path from the top, then nodes with slack move to their neighbours, which
 * shortens edges much as the network simplex method would at a fraction of its cost.
 *
 * @param pulls whether an edge draws its ends together; edges that will not be drawn need not
 */
export function assignRanks(flow: Flow, pinned: Uint8Array, pulls: EdgeTest): Int32Array {
  const rank = new Int32Array(flow.order.length);
  pushDown(flow, rank, pinned);
  tighten(flow, rank, pinned, pulls);
  return rank;
}

/** Moves nodes down just so far that every edge goes down, and the pinned ones to the ends. */
export function pushDown({ order, above }: Flow, rank: Int32Array, pinned: Uint8Array): void {
  const least = pinned.includes(FIRST) ? 1 : 0;
  let last = -1;
  for (const v of order) {
    rank[v] = pinned[v] === FIRST ? 0 : Math.max(rank[v], least);
    for (let i = above.first[v]; i < above.first[v + 1]; i++)
      rank[v] = Math.max(rank[v], rank[above.node[i]] + 1);
    if (pinned[v] !== LAST) last = Math.max(last, rank[v]);
  }
  for (const v of order) if (pinned[v] === LAST) rank[v] = last + 1;
}

/**
 * In turn from below and from above: down goes what has more edges down than up, up goes what has more up. What has as
 * many goes along either way, so that whole chains move.
 */
export function tighten(flow: Flow, rank: Int32Array, pinned: Uint8Array, pulls: EdgeTest): void {
  const { order, source, target, above, below } = flow;
  const n = order.length;
  const balance = new Int32Array(n);
  for (let e = 0; e < source.length; e++)
    if (pulls(e)) {
      balance[source[e]]++;
      balance[target[e]]--;
    }
  for (let pass = 0, gained = 1; gained > 0 && pass < PASSES; pass += 2) {
    gained = 0;
    for (let i = n - 1; i >= 0; i--) if (balance[order[i]] >= 0) move(order[i], lowest(order[i]));
    for (let i = 0; i < n; i++) if (balance[order[i]] <= 0) move(order[i], highest(order[i]));

    function move(v: number, to: number): void {
      if (pinned[v] !== FREE) return;
      gained += (to - rank[v]) * balance[v];
      rank[v] = to;
    }
  }

  function lowest(v: number): number {
    let least = Infinity;
    for (let i = below.first[v]; i < below.first[v + 1]; i++)
      least = Math.min(least, rank[below.node[i]] - 1);
    return least === Infinity ? rank[v] : least;
  }

  function highest(v: number): number {
    let most = -1;
    for (let i = above.first[v]; i < above.first[v + 1]; i++) most = Math.max(most, rank[above.node[i]] + 1);
    return most < 0 ? rank[v] : most;
  }
}
