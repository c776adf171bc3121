/**
 * Lines from the bottom of boxes to the top of others. They slant only between ranks: past the boxes of a rank they go
 * straight down, so that no line runs through a box. From column to column they go around below the one and above the
 * other. Edges against the flow go around on the left, from below the one box to above the other.
 */
import { adjacency } from './adjacency.ts';
import { LANE, type Columns } from './columns.ts';
import { BACKWARD, DRAWN, type Plan } from './layered.ts';

export interface Routes {
  /** The line of edge e: points[offsets[e] .. offsets[e + 1]] as x, y pairs. */
  offsets: Int32Array;
  points: Float64Array;
  /** How many points of each line, at the start and at the end, stand where it meets its boxes, above each other. */
  heads: Uint8Array;
  tails: Uint8Array;
}

/** The vertical extent of every rank. */
export interface Bands {
  top: Float64Array;
  bottom: Float64Array;
}

export interface Boxes {
  width: Float64Array;
  height: Float64Array;
  y: Float64Array;
  /** Of dummies too. */
  centre: Float64Array;
}

/** The first lane beside a column, and the first above or below it. */
const GUTTER = 6;
const FIRST_LANE = 6;
/** Lines that meet at a side keep this distance where there is room. */
const SPREAD = 16;
/** Lines keep off the corners of a box. */
const CORNER = 10;
/** How much of the way aside to its other end a line starts along the side of its box. */
const TOWARDS = 0.4;

export function routeEdges(plan: Plan, boxes: Boxes, band: Bands, columns: Columns): Routes {
  const { source, target, state, graph } = plan;
  const { rank, firstDummy } = graph;
  const passed = (e: number): number => rank[target[e]] - rank[source[e]] - 1;
  const first = (e: number): number => (firstDummy[e] >= 0 ? firstDummy[e] : target[e]);
  const last = (e: number): number => (firstDummy[e] >= 0 ? firstDummy[e] + passed(e) - 1 : source[e]);
  const leave = attach(plan, boxes, source, first);
  const arrive = attach(plan, boxes, target, last);
  const offsets = new Int32Array(source.length + 1);
  const heads = new Uint8Array(source.length);
  const tails = new Uint8Array(source.length);
  const pen = new Pen(columns, 8 * source.length);
  const loop = loopDrawer(plan, boxes, band);
  for (let e = 0; e < source.length; e++) {
    if (state[e] === BACKWARD) loop(pen, e);
    if (state[e] === DRAWN) {
      const [from, to] = [rank[source[e]], rank[target[e]]];
      const turns = (r: number): number => (columns.column[r] === columns.column[r - 1] ? 0 : 1);
      pen.start(leave[e], boxes.y[source[e]] + boxes.height[source[e]], columns.column[from]);
      pen.put(leave[e], band.bottom[from]);
      heads[e] = pen.count + turns(from + 1);
      for (let i = 0; i < passed(e); i++) {
        const x = boxes.centre[firstDummy[e] + i];
        pen.enter(columns.column[from + 1 + i], x);
        pen.put(x, band.top[from + 1 + i]);
        pen.put(x, band.bottom[from + 1 + i]);
      }
      pen.enter(columns.column[to], arrive[e]);
      const before = pen.count - turns(to);
      pen.put(arrive[e], band.top[to]);
      pen.put(arrive[e], boxes.y[target[e]]);
      tails[e] = pen.count - before;
    }
    offsets[e + 1] = pen.length;
  }
  return { offsets, points: pen.points.slice(0, pen.length), heads, tails };
}

/** Beyond this many loops share the last lane. */
const MOST_LANES = 12;

/** Room for the edges against the flow: to the left of all, and above and below. */
export function roomForLoops(state: Uint8Array): { left: number; above: number } {
  const loops = state.reduce((count, s) => count + (s === BACKWARD ? 1 : 0), 0);
  return loops === 0
    ? { left: 0, above: 0 }
    : { left: GUTTER + LANE * Math.min(loops, MOST_LANES), above: 2 * FIRST_LANE };
}

/** Draws edges against the flow, each in a lane of its own; of a turned edge the source stands above the target. */
function loopDrawer(plan: Plan, boxes: Boxes, band: Bands): (pen: Pen, e: number) => void {
  const { rank } = plan.graph;
  const { left } = roomForLoops(plan.state);
  const corner = (v: number): number => boxes.centre[v] - Math.max(0, boxes.width[v] / 2 - CORNER);
  let loops = 0;
  return (pen, e) => {
    const lane = left - GUTTER - LANE * Math.min(loops++, MOST_LANES - 1);
    const [upper, lower] = [plan.source[e], plan.target[e]];
    const below = band.bottom[rank[lower]] + FIRST_LANE;
    const above = band.top[rank[upper]] - FIRST_LANE;
    pen.start(corner(lower), boxes.y[lower] + boxes.height[lower], 0);
    pen.put(corner(lower), below);
    pen.put(lane, below);
    pen.put(lane, above);
    pen.put(corner(upper), above);
    pen.put(corner(upper), boxes.y[upper]);
  };
}

/** Writes lines downwards, one after the other. */
class Pen {
  points: Float64Array;
  length = 0;
  private begin = 0;
  private column = 0;
  private readonly lanes: Int32Array;

  constructor(
    private readonly columns: Columns,
    capacity: number,
  ) {
    this.points = new Float64Array(capacity);
    this.lanes = new Int32Array(columns.crossing.length);
  }

  /** Points of the line so far. */
  get count(): number {
    return (this.length - this.begin) / 2;
  }

  start(x: number, y: number, column: number): void {
    this.begin = this.length;
    this.column = column;
    this.put(x, y);
  }

  put(x: number, y: number): void {
    const { points, length } = this;
    if (length > this.begin && points[length - 2] === x && points[length - 1] === y) return;
    if (length === points.length) {
      this.points = new Float64Array(2 * length + 2);
      this.points.set(points);
    }
    this.points[length] = x;
    this.points[length + 1] = y;
    this.length += 2;
  }

  /** Goes around into a later column, to above x. Every line over a break has a lane of its own. */
  enter(column: number, x: number): void {
    const { columns, lanes } = this;
    for (; this.column < column; this.column++) {
      const lane = FIRST_LANE + LANE * lanes[this.column + 1]++;
      const below = columns.margin + columns.height[this.column] + lane;
      const gutter = columns.left[this.column + 1] - GUTTER - lane;
      this.put(this.points[this.length - 2], below);
      this.put(gutter, below);
      this.put(gutter, columns.margin - lane);
      this.put(x, columns.margin - lane);
    }
  }
}

/**
 * Where each edge meets the side of its node: somewhat towards its other end, in the order of the other ends.
 *
 * @param node the end of each edge that is looked at
 * @param other the node or dummy that the edge goes to from there
 */
function attach(plan: Plan, boxes: Boxes, node: Int32Array, other: (e: number) => number): Float64Array {
  const { width, centre } = boxes;
  const at = new Float64Array(node.length);
  const near = adjacency(width.length, node, node);
  for (let v = 0; v < width.length; v++) {
    const mine = near.edge.subarray(near.first[v], near.first[v + 1]).filter((e) => plan.state[e] === DRAWN);
    if (mine.length > 1) mine.sort((a, b) => centre[other(a)] - centre[other(b)] || a - b);
    const reach = Math.max(0, width[v] / 2 - CORNER);
    for (const e of mine) at[e] = Math.min(reach, Math.max(-reach, TOWARDS * (centre[other(e)] - centre[v])));
    if (mine.length > 1) keepApart(at, mine, Math.min(SPREAD, (2 * reach) / (mine.length - 1)), reach);
    for (const e of mine) at[e] += centre[v];
  }
  return at;
}

/** Moves places, which come in order, until each is a step from the next; all stay within reach of 0. */
function keepApart(at: Float64Array, order: Int32Array, step: number, reach: number): void {
  const n = order.length;
  // The mean of pushing all to the right and all to the left keeps every step.
  const pushed = new Float64Array(n);
  for (let i = 0; i < n; i++) pushed[i] = i > 0 ? Math.max(at[order[i]], pushed[i - 1] + step) : at[order[i]];
  let left = Infinity;
  for (let i = n - 1; i >= 0; i--) {
    left = Math.min(at[order[i]], left - step);
    at[order[i]] = (pushed[i] + left) / 2;
  }
  for (let i = 0; i < n; i++) {
    const least = -reach + i * step;
    const most = reach - (n - 1 - i) * step;
    at[order[i]] = Math.max(least, Math.min(most, at[order[i]]));
  }
}
