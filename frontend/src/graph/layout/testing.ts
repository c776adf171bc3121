/** Graphs to lay out, and what must hold of every layout. Only tests import this. */
import { randomNumbers } from '../testing.ts';
import type { LayeredInput, LayeredResult, Plan } from './layered.ts';
import { BACKWARD, CUT, MAX_PASSED } from './layered.ts';
import { FREE } from './rank.ts';

/** A graph from its edges; boxes of one size. */
export function graphOf(nodes: number, edges: [number, number][]): LayeredInput {
  return {
    width: new Float64Array(nodes).fill(100),
    height: new Float64Array(nodes).fill(40),
    pinned: new Uint8Array(nodes).fill(FREE),
    source: Int32Array.from(edges, ([from]) => from),
    target: Int32Array.from(edges, ([, to]) => to),
  };
}

/** Edges between mostly near nodes, boxes of all sizes; `backward` is the share of edges against the numbering. */
export function randomGraph(nodes: number, edges: number, seed: number, backward = 0): LayeredInput {
  const random = randomNumbers(seed);
  const known = new Set<string>();
  const list: [number, number][] = [];
  for (let i = 0; i < edges && nodes > 1; i++) {
    const reach = random() < 0.8 ? Math.min(6, nodes - 1) : nodes - 1;
    const from = Math.floor(random() * nodes);
    const to = from + 1 + Math.floor(random() * reach);
    if (to >= nodes || known.has(`${from} ${to}`)) continue;
    known.add(`${from} ${to}`).add(`${to} ${from}`);
    list.push(random() < backward ? [to, from] : [from, to]);
  }
  const input = graphOf(nodes, list);
  for (let v = 0; v < nodes; v++) {
    input.width[v] = 6 + Math.floor(random() * 300);
    input.height[v] = Math.floor(random() * (random() < 0.1 ? 900 : 90));
  }
  return input;
}

export interface Boxes {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  width: ArrayLike<number>;
  height: ArrayLike<number>;
}

const EPSILON = 1e-6;

/** Two boxes that overlap, of those in the list; null when there are none. */
export function overlap({ x, y, width, height }: Boxes, among: readonly number[]): [number, number] | null {
  const byTop = [...among].sort((a, b) => y[a] - y[b]);
  let open: number[] = [];
  for (const box of byTop) {
    open = open.filter((other) => y[other] + height[other] > y[box] + EPSILON);
    for (const other of open)
      if (x[other] + width[other] > x[box] + EPSILON && x[box] + width[box] > x[other] + EPSILON)
        return [other, box];
    open.push(box);
  }
  return null;
}

/** The names of all rules that a layout breaks; there should be none. */
export function brokenRules(input: LayeredInput, plan: Plan, result: LayeredResult): Set<string> {
  const broken = new Set<string>();
  const { rank } = plan.graph;
  const boxes = { ...result, width: input.width, height: input.height };
  const nodes = Array.from(input.width, (_, v) => v);
  const check = (holds: boolean, rule: string): void => {
    if (!holds) broken.add(rule);
  };
  check(overlap(boxes, nodes) === null, 'boxes do not overlap');
  for (const v of nodes) {
    check(
      result.x[v] >= -EPSILON && result.x[v] + input.width[v] <= result.width + EPSILON,
      'boxes are inside, across',
    );
    check(
      result.y[v] >= -EPSILON && result.y[v] + input.height[v] <= result.height + EPSILON,
      'boxes are inside, down',
    );
  }
  for (let e = 0; e < input.source.length; e++) {
    const [from, to] = [input.source[e], input.target[e]];
    const { offsets, points } = result.routes;
    const line = points.subarray(offsets[e], offsets[e + 1]);
    if (plan.state[e] === CUT) {
      check(line.length === 0, 'cut edges have no line');
      continue;
    }
    const isBackward = plan.state[e] === BACKWARD;
    const [upper, lower] = isBackward ? [to, from] : [from, to];
    check(rank[upper] < rank[lower], 'edges go forward or are marked');
    check(rank[lower] - rank[upper] - 1 <= MAX_PASSED, 'edges pass few ranks');
    check(line.length >= 4, 'drawn edges have a line');
    check(isOn(line.subarray(0, 2), from, input.height[from]), 'lines leave below their box');
    check(isOn(line.subarray(-2), to, 0), 'lines arrive above their box');
    for (let i = 0; i < line.length; i += 2) {
      check(line[i] >= -EPSILON && line[i] <= result.width + EPSILON, 'lines are inside, across');
      check(line[i + 1] >= -EPSILON && line[i + 1] <= result.height + EPSILON, 'lines are inside, down');
    }
  }
  return broken;

  function isOn(point: Float64Array, v: number, below: number): boolean {
    const inside = point[0] >= result.x[v] - EPSILON && point[0] <= result.x[v] + input.width[v] + EPSILON;
    return inside && Math.abs(point[1] - result.y[v] - below) < EPSILON;
  }
}

/** A line and a box that it runs through; null when there are none. */
export function lineThroughBox(boxes: Boxes, result: LayeredResult): [number, number] | null {
  const { offsets, points } = result.routes;
  for (let e = 0; e + 1 < offsets.length; e++)
    for (let i = offsets[e]; i + 2 < offsets[e + 1]; i += 2)
      for (let v = 0; v < boxes.x.length; v++)
        if (runsThrough(boxes, v, points[i], points[i + 1], points[i + 2], points[i + 3])) return [e, v];
  return null;
}

/** Whether a piece of a line has more than a touch in common with a box (clipping after Liang and Barsky). */
function runsThrough(boxes: Boxes, v: number, x0: number, y0: number, x1: number, y1: number): boolean {
  let [enter, leave] = [0, 1];
  const clip = (delta: number, before: number, after: number): boolean => {
    if (delta === 0) return before < -EPSILON && after > EPSILON;
    enter = Math.max(enter, Math.min(before / delta, after / delta));
    leave = Math.min(leave, Math.max(before / delta, after / delta));
    return true;
  };
  const { x, y, width, height } = boxes;
  const across = clip(x1 - x0, x[v] - x0, x[v] + width[v] - x0);
  const down = clip(y1 - y0, y[v] - y0, y[v] + height[v] - y0);
  return across && down && (leave - enter) * Math.hypot(x1 - x0, y1 - y0) > 1e-3;
}

/** How often the lines cross each other, drawn as straight pieces; lines that only touch do not count. */
export function lineCrossings(lines: readonly ArrayLike<number>[]): number {
  const pieces: { e: number; x0: number; y0: number; x1: number; y1: number; top: number; bottom: number }[] =
    [];
  for (const [e, line] of lines.entries())
    for (let i = 0; i + 3 < line.length; i += 2) {
      const [x0, y0, x1, y1] = [line[i], line[i + 1], line[i + 2], line[i + 3]];
      pieces.push({ e, x0, y0, x1, y1, top: Math.min(y0, y1), bottom: Math.max(y0, y1) });
    }
  pieces.sort((a, b) => a.top - b.top);
  let count = 0;
  for (const [i, a] of pieces.entries())
    for (let k = i + 1; k < pieces.length && pieces[k].top < a.bottom; k++) {
      const b = pieces[k];
      const side = (p: typeof a, x: number, y: number): number =>
        (p.x1 - p.x0) * (y - p.y0) - (p.y1 - p.y0) * (x - p.x0);
      const differ = (p: number, q: number): boolean => Math.min(p, q) < -EPSILON && Math.max(p, q) > EPSILON;
      const isCrossing =
        differ(side(a, b.x0, b.y0), side(a, b.x1, b.y1)) && differ(side(b, a.x0, a.y0), side(b, a.x1, a.y1));
      if (a.e !== b.e && isCrossing) count++;
    }
  return count;
}

export function lineLength(line: ArrayLike<number>): number {
  let length = 0;
  for (let i = 0; i + 3 < line.length; i += 2)
    length += Math.hypot(line[i + 2] - line[i], line[i + 3] - line[i + 1]);
  return length;
}
