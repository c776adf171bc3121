/**
 * Layered drawing of one level: ranks, dummies for edges that pass a rank, few crossings, straight long edges. Edges that
 * would pass many ranks are cut: both ends then carry a label instead of a line (see MAX_PASSED). What stands where is
 * planned once; when boxes change their sizes, only the coordinates are made anew, so that nothing changes places.
 */
import { finished, type Steps } from '../steps.ts';
import { topologicalOrder } from './acyclic.ts';
import { breakColumns, type Columns } from './columns.ts';
import { orderLayers, type Layers } from './order.ts';
import { assignX } from './position.ts';
import { addDummies, type Proper } from './proper.ts';
import { assignRanks, flowOf } from './rank.ts';
import { roomForLoops, routeEdges, type Bands, type Routes } from './route.ts';
import { wrapWideRanks } from './wrap.ts';

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

/** All but the coordinates. */
export interface Plan {
  /** The edges, turned so that they go down. */
  source: Int32Array;
  target: Int32Array;
  /** DRAWN, BACKWARD (drawn around, from the bottom of its target up to the top of its source) or CUT per edge. */
  state: Uint8Array;
  graph: Proper;
  layers: Layers;
  crossings: number;
}

export interface LayeredResult {
  /** Left and top of every node. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
  /** The line of edge e, from source to target; none when cut. */
  routes: Routes;
}

export const DRAWN = 0;
export const BACKWARD = 1;
export const CUT = 2;

/** An edge may pass this many ranks between its ends; a longer one is cut. */
export const MAX_PASSED = 8;
/** A node with more far-reaching edges than this, downwards or upwards, keeps only the near ones. */
const MAX_FAR_BELOW = 4;
const MAX_FAR_ABOVE = 16;
const FAR = 3;

const RANK_GAP = 30;
const NODE_GAP = 20;
const LINE_GAP = 12;
const LINE_WIDTH = 4;

export function planLayers(input: LayeredInput): Plan {
  return finished(planSteps(input));
}

export function* planSteps(input: LayeredInput): Steps<Plan> {
  yield 'ranking';
  const { pinned } = input;
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
  const isDrawn = (e: number): boolean => state[e] !== CUT;
  const flow = flowOf(ordering.order, source, target);
  let rank = assignRanks(flow, pinned, isDrawn);
  if (cutLongEdges(rank, source, target, state)) {
    rank = assignRanks(flow, pinned, isDrawn);
    cutLongEdges(rank, source, target, state);
  }
  if (wrapWideRanks(flow, rank, pinned, isDrawn, input.width, input.height))
    cutLongEdges(rank, source, target, state);
  closeGaps(rank);
  yield 'ordering';
  const graph = addDummies(rank, source, target, (e) => state[e] === DRAWN);
  const { layers, crossings } = yield* orderLayers(graph, ordering.order);
  return { source, target, state, graph, layers, crossings };
}

/**
 * @param width,height of every node
 * @param several whether a tall drawing may be broken into columns
 */
export function placeLayers(
  plan: Plan,
  width: Float64Array,
  height: Float64Array,
  several = true,
): LayeredResult {
  return finished(placeSteps(plan, width, height, several));
}

export function* placeSteps(
  plan: Plan,
  width: Float64Array,
  height: Float64Array,
  several = true,
): Steps<LayeredResult> {
  yield 'placing';
  const { graph, layers } = plan;
  const n = graph.nodes;
  const total = graph.rank.length;
  const widths = new Float64Array(total).fill(LINE_WIDTH);
  widths.set(width);
  const isDummy = (v: number): boolean => v >= n;
  const gap = (a: number, b: number): number => (isDummy(a) || isDummy(b) ? LINE_GAP : NODE_GAP);
  const centre = assignX(layers, graph.above, graph.below, widths, gap, isDummy);
  const band = bands(graph, height);
  const room = roomForLoops(plan.state);
  const columns = toColumns(graph, band, centre, widths, several && room.left === 0);
  for (let v = 0; v < total; v++) centre[v] += columns.dx[graph.rank[v]] + room.left;
  for (let r = 0; r < graph.ranks; r++) {
    band.top[r] += columns.dy[r] + room.above;
    band.bottom[r] += columns.dy[r] + room.above;
  }
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let v = 0; v < n; v++) {
    const r = graph.rank[v];
    x[v] = centre[v] - width[v] / 2;
    y[v] = (band.top[r] + band.bottom[r] - height[v]) / 2;
  }
  yield 'drawing lines';
  const routes = routeEdges(plan, { width, height, centre, y }, band, columns);
  return { x, y, width: columns.width + room.left, height: columns.total + 2 * room.above, routes };
}

/** Marks edges that pass too many ranks, and all but the near ones of nodes with many far ones. Whether any was marked. */
function cutLongEdges(rank: Int32Array, source: Int32Array, target: Int32Array, state: Uint8Array): boolean {
  const below = new Int32Array(rank.length);
  const above = new Int32Array(rank.length);
  const passed = (e: number): number => rank[target[e]] - rank[source[e]] - 1;
  for (let e = 0; e < source.length; e++)
    if (passed(e) >= FAR) {
      below[source[e]]++;
      above[target[e]]++;
    }
  let any = false;
  for (let e = 0; e < source.length; e++) {
    const crowded = below[source[e]] > MAX_FAR_BELOW || above[target[e]] > MAX_FAR_ABOVE;
    if (passed(e) > MAX_PASSED || (passed(e) >= FAR && crowded)) {
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

/** Breaks the drawing into columns if it is tall. */
function toColumns(
  graph: Proper,
  band: Bands,
  centre: Float64Array,
  width: Float64Array,
  several: boolean,
): Columns {
  const left = new Float64Array(graph.ranks).fill(Infinity);
  const right = new Float64Array(graph.ranks).fill(-Infinity);
  const crossing = new Int32Array(graph.ranks);
  for (let v = 0; v < centre.length; v++) {
    const r = graph.rank[v];
    left[r] = Math.min(left[r], centre[v] - width[v] / 2);
    right[r] = Math.max(right[r], centre[v] + width[v] / 2);
    crossing[r] += graph.below.first[v + 1] - graph.below.first[v];
  }
  return breakColumns(band.top, band.bottom, left, right, crossing, several);
}

/** The vertical extent of every rank: as high as its highest node. */
function bands(graph: Proper, height: Float64Array): Bands {
  const top = new Float64Array(graph.ranks);
  const bottom = new Float64Array(graph.ranks);
  for (let v = 0; v < height.length; v++) bottom[graph.rank[v]] = Math.max(bottom[graph.rank[v]], height[v]);
  let at = 0;
  for (let r = 0; r < graph.ranks; r++) {
    const high = bottom[r];
    top[r] = at;
    bottom[r] = at + high;
    at += high + (high > 0 ? RANK_GAP : RANK_GAP / 2);
  }
  return { top, bottom };
}
