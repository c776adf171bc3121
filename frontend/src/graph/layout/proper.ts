import { adjacency, type Adjacency } from './adjacency.ts';

/** A graph in ranks in which every edge leads to the next rank: longer ones go through dummies. */
export interface Proper {
  /** Nodes 0 .. nodes - 1 are real, the rest dummies. */
  nodes: number;
  rank: Int32Array;
  ranks: number;
  above: Adjacency;
  below: Adjacency;
  /** First dummy of every edge, -1 for none; an edge's dummies are numbered from top to bottom. */
  firstDummy: Int32Array;
  /** What belongs together: all pieces of edges, and undrawn edges as well. */
  ties: { from: Int32Array; to: Int32Array };
}

/**
 * @param source,target edges that go down in rank
 * @param isDrawn edges that are not drawn get no dummies
 */
export function addDummies(
  rank: Int32Array,
  source: Int32Array,
  target: Int32Array,
  isDrawn: (edge: number) => boolean,
): Proper {
  const nodes = rank.length;
  const span = (e: number): number => rank[target[e]] - rank[source[e]];
  let dummies = 0;
  let drawn = 0;
  let pieces = 0;
  for (let e = 0; e < source.length; e++)
    if (isDrawn(e)) {
      drawn++;
      pieces += span(e);
      dummies += span(e) - 1;
    }
  const all = new Int32Array(nodes + dummies);
  all.set(rank);
  const from = new Int32Array(pieces + source.length - drawn);
  const to = new Int32Array(from.length);
  const isPiece = new Uint8Array(from.length);
  const firstDummy = new Int32Array(source.length).fill(-1);
  let next = nodes;
  let count = 0;
  for (let e = 0; e < source.length; e++) {
    let v = source[e];
    if (isDrawn(e) && span(e) > 1) {
      firstDummy[e] = next;
      for (let r = rank[v] + 1; r < rank[target[e]]; r++) {
        all[next] = r;
        isPiece[count] = 1;
        from[count] = v;
        to[count++] = next;
        v = next++;
      }
    }
    isPiece[count] = isDrawn(e) ? 1 : 0;
    from[count] = v;
    to[count++] = target[e];
  }
  let ranks = 0;
  for (const r of rank) ranks = Math.max(ranks, r + 1);
  const isDrawnPiece = (_: number, i: number): boolean => isPiece[i] === 1;
  const [upper, lower] = [from.filter(isDrawnPiece), to.filter(isDrawnPiece)];
  const above = adjacency(all.length, lower, upper);
  const below = adjacency(all.length, upper, lower);
  return { nodes, rank: all, ranks, above, below, firstDummy, ties: { from, to } };
}
