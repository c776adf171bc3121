/**
 * A node with a thousand neighbours would make one rank of them, a drawing as wide as a street and as high as a kerb.
 * What hangs on such a node and on little else is stacked in several ranks instead, in the order of execution.
 */
import { csrFromPairs, rowOf, type Csr } from '../../wire/csr.ts';
import { FIRST, FREE, pushDown, tighten, type EdgeTest, type Flow } from './rank.ts';

/** Ranks narrower than this stay as they are, and those of a drawing that is about as high. */
export const WIDE = 1600;
const ASPECT = 1.6;
/** Added to the size of every node for what is around it. */
const MARGIN = 30;
/** A node with this many neighbours on one side does not hold them together. */
const HUB = 8;
/** Parts of more nodes stay where they are. */
const LARGE = 64;

/** Nodes that hang together without hubs, and on which sides they hang on one. */
interface Parts {
  nodes: Csr;
  below: Uint8Array;
  above: Uint8Array;
  isHub: Uint8Array;
}

/**
 * Changes the ranks where they are too wide; edges go down as before. Whether anything was changed.
 *
 * @param isDrawn edges that are not drawn hold nothing together
 */
export function wrapWideRanks(
  flow: Flow,
  rank: Int32Array,
  pinned: Uint8Array,
  isDrawn: EdgeTest,
  width: Float64Array,
  height: Float64Array,
): boolean {
  const shelves = new Shelves(rank, width, height);
  if (!shelves.anyWide()) return false;
  const parts = looseParts(flow, isDrawn);
  const moving: number[] = [];
  for (let part = 0; part + 1 < parts.nodes.offsets.length; part++) {
    const nodes = rowOf(parts.nodes, part);
    const isLoose = nodes.length <= LARGE && nodes.every((v) => pinned[v] === FREE && parts.isHub[v] === 0);
    if (isLoose && nodes.some((v) => shelves.isWide(rank[v]))) moving.push(part);
  }
  if (moving.length === 0) return false;
  const held = pinned.slice();
  for (const part of moving)
    for (const v of rowOf(parts.nodes, part)) {
      shelves.remove(v);
      held[v] = FIRST;
    }
  // What only feeds a hub is stacked above it, all else below what it hangs on.
  const stacks = new Map<number, Piece[]>();
  for (const part of moving) {
    const isUp = parts.above[part] === 0 && parts.below[part] === 1;
    const piece = pieceOf(rowOf(parts.nodes, part), rank, width);
    const key = isUp ? ~piece.last : piece.first;
    const stack = stacks.get(key);
    if (stack === undefined) stacks.set(key, [piece]);
    else stack.push(piece);
  }
  for (const [key, pieces] of stacks) shelves.put(pieces, key < 0 ? -1 : 1);
  countFromTop(rank, pinned);
  pushDown(flow, rank, pinned);
  tighten(flow, rank, held, isDrawn);
  return true;
}

/** Nodes that move together: the room that they need in each rank. */
interface Piece {
  nodes: Int32Array;
  needed: Map<number, number>;
  first: number;
  last: number;
}

function pieceOf(nodes: Int32Array, rank: Int32Array, width: Float64Array): Piece {
  const needed = new Map<number, number>();
  let [first, last] = [Infinity, -Infinity];
  for (const v of nodes) {
    needed.set(rank[v], (needed.get(rank[v]) ?? 0) + width[v] + MARGIN);
    first = Math.min(first, rank[v]);
    last = Math.max(last, rank[v]);
  }
  return { nodes, needed, first, last };
}

/** The room that is taken in every rank. */
class Shelves {
  private readonly used = new Map<number, number>();
  private readonly wide = new Set<number>();
  private readonly limit: number;

  constructor(
    private readonly rank: Int32Array,
    private readonly width: Float64Array,
    height: Float64Array,
  ) {
    let area = 0;
    for (let v = 0; v < rank.length; v++) {
      this.add(rank[v], width[v] + MARGIN);
      area += (width[v] + MARGIN) * (height[v] + MARGIN);
    }
    this.limit = Math.max(WIDE, Math.sqrt(ASPECT * area));
    for (const [r, wide] of this.used) if (wide > this.limit) this.wide.add(r);
  }

  anyWide(): boolean {
    return this.wide.size > 0;
  }

  isWide(rank: number): boolean {
    return this.wide.has(rank);
  }

  remove(v: number): void {
    this.add(this.rank[v], -this.width[v] - MARGIN);
  }

  /**
   * Moves pieces that begin (upwards: end) in the same rank, by 0, 1, 2, … times the height of the highest. They are dealt
   * out to these shelves in turn, so that a piece and those behind it stand in one column.
   */
  put(pieces: Piece[], direction: 1 | -1): void {
    const step = direction * pieces.reduce((most, { first, last }) => Math.max(most, last - first + 1), 1);
    let wanted = 0;
    for (const { needed } of pieces) wanted += Math.max(...needed.values());
    const start = direction > 0 ? pieces[0].first : pieces[0].last;
    const open: number[] = [];
    let shelf = 0;
    for (; wanted > 0; shelf++) {
      wanted -= Math.max(0, this.limit - (this.used.get(start + shelf * step) ?? 0));
      open.push(shelf * step);
    }
    let turn = 0;
    for (const piece of pieces) {
      while (open.length > 0 && !this.fits(piece, open[turn])) {
        open.splice(turn, 1);
        if (turn >= open.length) turn = 0;
      }
      if (open.length === 0) open.push(shelf++ * step);
      for (const [r, room] of piece.needed) this.add(r + open[turn], room);
      for (const v of piece.nodes) this.rank[v] += open[turn];
      turn = (turn + 1) % open.length;
    }
  }

  private fits({ needed }: Piece, by: number): boolean {
    for (const [r, room] of needed) {
      const used = this.used.get(r + by) ?? 0;
      if (used > 0 && used + room > this.limit) return false;
    }
    return true;
  }

  private add(rank: number, width: number): void {
    this.used.set(rank, (this.used.get(rank) ?? 0) + width);
  }
}

/** What is left of the graph without the edges at hubs. */
function looseParts({ order, source, target }: Flow, isDrawn: EdgeTest): Parts {
  const n = order.length;
  const outgoing = new Int32Array(n);
  const incoming = new Int32Array(n);
  for (let e = 0; e < source.length; e++)
    if (isDrawn(e)) {
      outgoing[source[e]]++;
      incoming[target[e]]++;
    }
  const leader = Int32Array.from({ length: n }, (_, v) => v);
  const find = (v: number): number => {
    let at = v;
    while (leader[at] !== at) at = leader[at] = leader[leader[at]];
    return at;
  };
  const isAtHub = (e: number): boolean => outgoing[source[e]] >= HUB || incoming[target[e]] >= HUB;
  for (let e = 0; e < source.length; e++) {
    if (!isDrawn(e) || isAtHub(e)) continue;
    const [a, b] = [find(source[e]), find(target[e])];
    leader[Math.max(a, b)] = Math.min(a, b);
  }
  // The leader is the first node of its part, so parts are numbered in the order of execution.
  const part = new Int32Array(n);
  let parts = 0;
  for (let v = 0; v < n; v++) part[v] = find(v) === v ? parts++ : part[find(v)];
  const above = new Uint8Array(parts);
  const below = new Uint8Array(parts);
  for (let e = 0; e < source.length; e++)
    if (isDrawn(e) && isAtHub(e)) {
      below[part[source[e]]] = 1;
      above[part[target[e]]] = 1;
    }
  const isHub = Uint8Array.from(part, (_, v) => (outgoing[v] >= HUB || incoming[v] >= HUB ? 1 : 0));
  return {
    nodes: csrFromPairs(
      parts,
      part,
      Int32Array.from({ length: n }, (_, v) => v),
    ),
    below,
    above,
    isHub,
  };
}

/** Ranks above the first one move all down, except what is pinned. */
function countFromTop(rank: Int32Array, pinned: Uint8Array): void {
  let least = 0;
  for (const r of rank) least = Math.min(least, r);
  for (let v = 0; v < rank.length; v++) if (pinned[v] === FREE) rank[v] -= least;
}
