/**
 * Layered drawing of one level: ranks, dummies for edges that pass a rank, few crossings, straight long edges. Edges that
 * would pass many ranks are cut: both ends then carry a label instead of a line (see MAX_PASSED).
 */
import { topologicalOrder } from './acyclic.ts';
import { breakColumns, LANE, type Columns } from './columns.ts';
import { layersOf, reduceCrossings } from './order.ts';
import { assignX } from './position.ts';
import { adjacency, assignRanks, type Adjacency } from './rank.ts';

export { FIRST, FREE, LAST } from './rank.ts';

export interface LayeredInput {
  /** Sizes of the nodes, which are numbered in the order of execution. */
  width: Float64Array;
  height: Float64Array;
  /** FREE, FIRST or LAST per node. */
  pinned: Uint8Array;
  /** No edge from a node to itself; at most one between two nodes. */
  source: Int32Array;
  target: Int32Array;
}

export interface LayeredResult {
  /** Left and top of every node. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
  rank: Int32Array;
  /** DRAWN, BACKWARD (drawn, against the flow) or CUT per edge. */
  state: Uint8Array;
  /** The line of edge e: points[offsets[e] .. offsets[e + 1]] as x, y pairs from source to target; none when cut. */
  routes: { offsets: Int32Array; points: Float64Array };
  crossings: number;
}

export const DRAWN = 0;
export const BACKWARD = 1;
export const CUT = 2;

/** An edge may pass this many ranks between its ends; a longer one is cut. */
export const MAX_PASSED = 8;
/** A node with more far-reaching edges than this keeps only the near ones. */
const MAX_FAR = 4;
const FAR = 3;

const RANK_GAP = 30;
const NODE_GAP = 20;
const LINE_GAP = 12;
const LINE_WIDTH = 4;
const GUTTER = 6;

export function layoutLayered(input: LayeredInput): LayeredResult {
  const n = input.width.length;
  const edges = input.source.length;
  const ordering = topologicalOrder(n, input.source, input.target);
  const source = new Int32Array(edges);
  const target = new Int32Array(edges);
  const state = new Uint8Array(edges);
  for (let e = 0; e < edges; e++) {
    const backward = ordering.place[input.source[e]] > ordering.place[input.target[e]];
    state[e] = backward ? BACKWARD : DRAWN;
    source[e] = backward ? input.target[e] : input.source[e];
    target[e] = backward ? input.source[e] : input.target[e];
  }
  let rank = assignRanks(ordering, source, target, input.pinned, null);
  if (cutLongEdges(rank, source, target, state)) {
    const pulls = state.map((s) => (s === CUT ? 0 : 1));
    rank = assignRanks(ordering, source, target, input.pinned, pulls);
    cutLongEdges(rank, source, target, state);
  }
  closeGaps(rank);
  const graph = addDummies(input, rank, source, target, state);
  return place(input, graph, source, target, state, ordering.order);
}

/** Marks edges that pass too many ranks, and all but the near ones of nodes with many far ones. Whether any was marked. */
function cutLongEdges(rank: Int32Array, source: Int32Array, target: Int32Array, state: Uint8Array): boolean {
  const far = new Map<number, number>();
  let any = false;
  for (let e = 0; e < source.length; e++) {
    const passed = rank[target[e]] - rank[source[e]] - 1;
    if (passed >= FAR) far.set(source[e], (far.get(source[e]) ?? 0) + 1);
  }
  for (let e = 0; e < source.length; e++) {
    const passed = rank[target[e]] - rank[source[e]] - 1;
    if (passed > MAX_PASSED || (passed >= FAR && far.get(source[e])! > MAX_FAR)) {
      state[e] = CUT;
      any = true;
    }
  }
  return any;
}

/** Drops empty ranks. */
function closeGaps(rank: Int32Array): void {
  let last = 0;
  for (const r of rank) last = Math.max(last, r);
  const used = new Int32Array(last + 2);
  for (const r of rank) used[r + 1] = 1;
  for (let r = 0; r <= last; r++) used[r + 1] += used[r];
  for (let v = 0; v < rank.length; v++) rank[v] = used[rank[v] + 1] - 1;
}

interface Graph {
  /** Nodes 0 .. n - 1 are real, the rest dummies. */
  rank: Int32Array;
  ranks: number;
  width: Float64Array;
  above: Adjacency;
  below: Adjacency;
  /** First dummy of every edge, -1 for none; an edge's dummies are numbered from top to bottom. */
  firstDummy: Int32Array;
}

function addDummies(
  input: LayeredInput,
  rank: Int32Array,
  source: Int32Array,
  target: Int32Array,
  state: Uint8Array,
): Graph {
  const n = rank.length;
  let dummies = 0;
  let segments = 0;
  for (let e = 0; e < source.length; e++)
    if (state[e] !== CUT) {
      dummies += rank[target[e]] - rank[source[e]] - 1;
      segments += rank[target[e]] - rank[source[e]];
    }
  const all = new Int32Array(n + dummies);
  all.set(rank);
  const width = new Float64Array(n + dummies).fill(LINE_WIDTH);
  width.set(input.width);
  const from = new Int32Array(segments);
  const to = new Int32Array(segments);
  const firstDummy = new Int32Array(source.length).fill(-1);
  let next = n;
  let segment = 0;
  for (let e = 0; e < source.length; e++) {
    if (state[e] === CUT) continue;
    let v = source[e];
    if (rank[target[e]] - rank[v] > 1) firstDummy[e] = next;
    for (let r = rank[source[e]] + 1; r < rank[target[e]]; r++) {
      all[next] = r;
      from[segment] = v;
      to[segment++] = next;
      v = next++;
    }
    from[segment] = v;
    to[segment++] = target[e];
  }
  let ranks = 0;
  for (const r of all) ranks = Math.max(ranks, r + 1);
  return {
    rank: all,
    ranks,
    width,
    above: adjacency(all.length, to, from),
    below: adjacency(all.length, from, to),
    firstDummy,
  };
}

function place(
  input: LayeredInput,
  graph: Graph,
  source: Int32Array,
  target: Int32Array,
  state: Uint8Array,
  order: Int32Array,
): LayeredResult {
  const n = input.width.length;
  const total = graph.rank.length;
  const initial = new Int32Array(total);
  initial.set(order);
  for (let v = n; v < total; v++) initial[v] = v;
  const layers = layersOf(graph.rank, graph.ranks, initial);
  const crossings = reduceCrossings(layers, graph.above, graph.below, total < 4000 ? 24 : 6);
  const isDummy = (v: number): boolean => v >= n;
  const gap = (a: number, b: number): number => (isDummy(a) || isDummy(b) ? LINE_GAP : NODE_GAP);
  const centre = assignX(layers, graph.above, graph.below, graph.width, gap, isDummy);
  const band = bands(input, graph);
  const columns = toColumns(graph, band, centre);
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let v = 0; v < total; v++) centre[v] += columns.dx[graph.rank[v]];
  for (let r = 0; r < graph.ranks; r++) {
    band.top[r] += columns.dy[r];
    band.bottom[r] += columns.dy[r];
  }
  for (let v = 0; v < n; v++) {
    const r = graph.rank[v];
    x[v] = centre[v] - input.width[v] / 2;
    y[v] = (band.top[r] + band.bottom[r] - input.height[v]) / 2;
  }
  const routes = routeEdges(input, graph, source, target, state, centre, y, band, columns);
  return {
    x,
    y,
    width: columns.width,
    height: columns.total,
    rank: graph.rank.subarray(0, n),
    state,
    routes,
    crossings,
  };
}

/** Breaks the drawing into columns if it is tall. */
function toColumns(graph: Graph, band: Bands, centre: Float64Array): Columns {
  const left = new Float64Array(graph.ranks).fill(Infinity);
  const right = new Float64Array(graph.ranks).fill(-Infinity);
  const crossing = new Int32Array(graph.ranks);
  for (let v = 0; v < centre.length; v++) {
    const r = graph.rank[v];
    left[r] = Math.min(left[r], centre[v] - graph.width[v] / 2);
    right[r] = Math.max(right[r], centre[v] + graph.width[v] / 2);
    crossing[r] += graph.below.first[v + 1] - graph.below.first[v];
  }
  return breakColumns(band.top, band.bottom, left, right, crossing);
}

interface Bands {
  top: Float64Array;
  bottom: Float64Array;
}

/** The vertical extent of every rank: as high as its highest node. */
function bands(input: LayeredInput, graph: Graph): Bands {
  const top = new Float64Array(graph.ranks);
  const bottom = new Float64Array(graph.ranks);
  for (let v = 0; v < input.height.length; v++)
    bottom[graph.rank[v]] = Math.max(bottom[graph.rank[v]], input.height[v]);
  let at = 0;
  for (let r = 0; r < graph.ranks; r++) {
    const height = bottom[r];
    top[r] = at;
    bottom[r] = at + height;
    at += height + (height > 0 ? RANK_GAP : RANK_GAP / 2);
  }
  return { top, bottom };
}

/**
 * Lines from the bottom of boxes to the top of others, through the dummies; where several meet a box they spread along
 * its side. From column to column they go around below the one and above the other.
 */
function routeEdges(
  input: LayeredInput,
  graph: Graph,
  source: Int32Array,
  target: Int32Array,
  state: Uint8Array,
  centre: Float64Array,
  y: Float64Array,
  band: Bands,
  columns: Columns,
): { offsets: Int32Array; points: Float64Array } {
  const edges = source.length;
  const offsets = new Int32Array(edges + 1);
  const passed = (e: number): number => graph.rank[target[e]] - graph.rank[source[e]] - 1;
  const breaks = (e: number): number => columns.column[graph.rank[target[e]]] - columns.column[graph.rank[source[e]]];
  for (let e = 0; e < edges; e++)
    offsets[e + 1] = offsets[e] + (state[e] === CUT ? 0 : 2 * (2 + 2 * passed(e) + 4 * breaks(e)));
  const points = new Float64Array(offsets[edges]);
  const next = (e: number): number => (graph.firstDummy[e] >= 0 ? graph.firstDummy[e] : target[e]);
  const before = (e: number): number => (graph.firstDummy[e] >= 0 ? graph.firstDummy[e] + passed(e) - 1 : source[e]);
  const leave = spread(source, state, input.width, centre, next);
  const arrive = spread(target, state, input.width, centre, before);
  const lanes = new Int32Array(columns.crossing.length);
  for (let e = 0; e < edges; e++) {
    if (state[e] === CUT) continue;
    let at = offsets[e];
    let column = columns.column[graph.rank[source[e]]];
    const put = (px: number, py: number): void => {
      points[at++] = px;
      points[at++] = py;
    };
    const enter = (rank: number, px: number): void => {
      for (; column < columns.column[rank]; column++) {
        const lane = 6 + LANE * lanes[column + 1]++;
        const below = columns.margin + columns.height[column] + lane;
        const gutter = columns.left[column + 1] - GUTTER - lane;
        put(points[at - 2], below);
        put(gutter, below);
        put(gutter, columns.margin - lane);
        put(px, columns.margin - lane);
      }
    };
    put(leave[e], y[source[e]] + input.height[source[e]]);
    for (let i = 0; i < passed(e); i++) {
      const dummy = graph.firstDummy[e] + i;
      enter(graph.rank[dummy], centre[dummy]);
      put(centre[dummy], band.top[graph.rank[dummy]]);
      put(centre[dummy], band.bottom[graph.rank[dummy]]);
    }
    enter(graph.rank[target[e]], arrive[e]);
    put(arrive[e], y[target[e]]);
    if (state[e] === BACKWARD) reverse(points, offsets[e], offsets[e + 1]);
  }
  return { offsets, points };
}

/** Where along its node's side each edge attaches: in the order of the places they lead to. */
function spread(
  node: Int32Array,
  state: Uint8Array,
  width: Float64Array,
  centre: Float64Array,
  other: (e: number) => number,
): Float64Array {
  const at = new Float64Array(node.length);
  const near = adjacency(width.length, node, node);
  const mine: number[] = [];
  for (let v = 0; v < width.length; v++) {
    mine.length = 0;
    for (let i = near.first[v]; i < near.first[v + 1]; i++) if (state[near.edge[i]] !== CUT) mine.push(near.edge[i]);
    if (mine.length > 1) mine.sort((a, b) => centre[other(a)] - centre[other(b)] || a - b);
    const step = Math.min(16, (width[v] * 0.7) / Math.max(1, mine.length - 1));
    for (let i = 0; i < mine.length; i++) at[mine[i]] = centre[v] + (i - (mine.length - 1) / 2) * step;
  }
  return at;
}

function reverse(points: Float64Array, start: number, end: number): void {
  for (let i = start, j = end - 2; i < j; i += 2, j -= 2) {
    [points[i], points[j]] = [points[j], points[i]];
    [points[i + 1], points[j + 1]] = [points[j + 1], points[i + 1]];
  }
}
