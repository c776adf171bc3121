/**
 * Groups by name need not be groups by data: what a name collects may lie before and after what another collects, and then
 * each feeds the other. Levels are rearranged until data flows through them in one direction: a group takes in the few
 * operators of a detour, and a group that is scattered over its level is dissolved into it.
 */
import { topologicalOrder } from './layout/acyclic.ts';

export interface Linked {
  source: Int32Array;
  target: Int32Array;
}

/** A detour of at most this share of a group is taken into it. */
const DETOUR = 0.1;
/** After so many rounds all groups of a knot are dissolved at once. */
const PATIENCE = 20;

/**
 * @param children operators as ids, groups as ~id
 * @param linksOf the edges between the children of a level, as places in the list
 * @param sizeOf operators in a child
 * @param inside the children of a group; taken-in operators are added to this list
 * @returns the children to put in their place
 */
export function straighten(
  children: number[],
  linksOf: (children: number[]) => Linked,
  sizeOf: (child: number) => number,
  inside: (group: number) => number[],
): number[] {
  let level = children;
  for (let round = 0; level.some((child) => child < 0); round++) {
    const { source, target } = linksOf(level);
    const knots = cycles(level.length, source, target);
    const gone = new Set<number>();
    const freed = new Map<number, number[]>();
    for (const knot of knots)
      untie(
        knot.map((at) => level[at]),
        round >= PATIENCE,
        gone,
        freed,
      );
    if (gone.size === 0 && freed.size === 0) break; // no knots, or of operators only
    level = level.flatMap((child) => freed.get(child) ?? (gone.has(child) ? [] : [child]));
  }
  return level;

  function untie(knot: number[], atOnce: boolean, gone: Set<number>, freed: Map<number, number[]>): void {
    const largest = knot.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
    const others = knot.filter((child) => child !== largest);
    const detour = others.reduce((sum, child) => sum + sizeOf(child), 0);
    if (!atOnce && largest < 0 && detour <= Math.max(2, DETOUR * sizeOf(largest))) {
      const taking = inside(largest);
      for (const child of others) {
        taking.push(child);
        gone.add(child);
      }
      return;
    }
    // The smallest groups first: dissolving them may be enough.
    const groups = knot.filter((child) => child < 0);
    const least = groups.reduce((size, group) => Math.min(size, sizeOf(group)), Infinity);
    for (const group of groups) if (atOnce || sizeOf(group) <= 2 * least) freed.set(group, inside(group));
  }
}

/** Strongly connected sets of two and more nodes (Tarjan's algorithm, without recursion). */
export function cycles(n: number, source: Int32Array, target: Int32Array): number[][] {
  const { place } = topologicalOrder(n, source, target);
  if (source.every((from, e) => place[from] < place[target[e]])) return [];
  const first = new Int32Array(n + 1);
  for (const from of source) first[from + 1]++;
  for (let v = 0; v < n; v++) first[v + 1] += first[v];
  const next = new Int32Array(source.length);
  const fill = first.slice(0, n);
  for (let e = 0; e < source.length; e++) next[fill[source[e]]++] = target[e];

  const found: number[][] = [];
  const number = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const onStack = new Uint8Array(n);
  const at = first.slice(0, n);
  const stack: number[] = [];
  const path: number[] = [];
  let count = 0;
  const enter = (v: number): void => {
    number[v] = low[v] = count++;
    onStack[v] = 1;
    stack.push(v);
    path.push(v);
  };
  for (let start = 0; start < n; start++) {
    if (number[start] >= 0) continue;
    enter(start);
    while (path.length > 0) {
      const v = path[path.length - 1];
      if (at[v] < first[v + 1]) {
        const w = next[at[v]++];
        if (number[w] < 0) enter(w);
        else if (onStack[w] === 1) low[v] = Math.min(low[v], number[w]);
        continue;
      }
      path.pop();
      if (path.length > 0) low[path[path.length - 1]] = Math.min(low[path[path.length - 1]], low[v]);
      if (low[v] !== number[v]) continue;
      const set = stack.splice(stack.lastIndexOf(v));
      for (const w of set) onStack[w] = 0;
      if (set.length > 1) found.push(set.sort((a, b) => a - b));
    }
  }
  return found;
}
