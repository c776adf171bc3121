import { describe, expect, test } from 'vitest';
import { cycles, straighten } from './convex.ts';
import { randomNumbers } from './testing.ts';

function knots(n: number, edges: [number, number][]): number[][] {
  return cycles(
    n,
    Int32Array.from(edges, ([from]) => from),
    Int32Array.from(edges, ([, to]) => to),
  );
}

describe('cycles', () => {
  test('are found apart', () => {
    const edges: [number, number][] = [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 2],
      [4, 5],
    ];
    expect(knots(6, edges).sort()).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    expect(knots(3, [[0, 1]])).toEqual([]);
  });

  test('as long as the graph, without recursion', () => {
    const n = 200_000;
    const edges = Array.from({ length: n }, (_, v): [number, number] => [v, (v + 1) % n]);
    expect(knots(n, edges)[0].length).toBe(n);
  });

  test.each([1, 2, 3, 4, 5])('two nodes are in one when each reaches the other, %i', (seed) => {
    const random = randomNumbers(seed);
    const edges = Array.from({ length: 30 }, (): [number, number] => [
      Math.floor(random() * 20),
      Math.floor(random() * 20),
    ]).filter(([from, to]) => from !== to);
    const reaches = Array.from({ length: 20 }, (_, v) => reachable(v, edges));
    const found = knots(20, edges);
    for (let v = 0; v < 20; v++)
      for (let w = 0; w < v; w++) {
        const together = found.some((knot) => knot.includes(v) && knot.includes(w));
        expect(together).toBe(reaches[v].has(w) && reaches[w].has(v));
      }
  });
});

function reachable(start: number, edges: [number, number][]): Set<number> {
  const seen = new Set<number>();
  const pending = [start];
  for (let v = pending.pop(); v !== undefined; v = pending.pop())
    for (const [from, to] of edges)
      if (from === v && !seen.has(to)) {
        seen.add(to);
        pending.push(to);
      }
  return seen;
}

/** Straightens a level over a chain of operators 0, 1, 2, …; groups by what they hold. */
function straightenChain(length: number, groups: number[][]): { level: number[]; groups: number[][] } {
  const holder = new Map(groups.flatMap((operators, group) => operators.map((op) => [op, group] as const)));
  const children: number[] = [];
  for (let op = 0; op < length; op++) {
    const child = ~(holder.get(op) ?? ~op);
    if (!children.includes(child)) children.push(child);
  }
  const operatorsIn = (child: number): number[] =>
    child < 0 ? groups[~child].flatMap(operatorsIn) : [child];
  const level = straighten(
    children,
    (nodes) => {
      const nodeOf = new Map(
        nodes.flatMap((child, node) => operatorsIn(child).map((op) => [op, node] as const)),
      );
      const edges: [number, number][] = [];
      for (let op = 0; op + 1 < length; op++)
        if (nodeOf.get(op) !== nodeOf.get(op + 1)) edges.push([nodeOf.get(op)!, nodeOf.get(op + 1)!]);
      return {
        source: Int32Array.from(edges, ([from]) => from),
        target: Int32Array.from(edges, ([, to]) => to),
      };
    },
    (child) => operatorsIn(child).length,
    (group) => groups[~group],
  );
  return { level, groups };
}

describe('levels are straightened', () => {
  test('what flows one way stays as it is', () => {
    expect(
      straightenChain(4, [
        [0, 1],
        [2, 3],
      ]).level,
    ).toEqual([-1, -2]);
  });

  test('a group takes in a short detour', () => {
    const { level, groups } = straightenChain(8, [[0, 1, 2, 4, 5, 6]]);
    expect(level).toEqual([-1, 7]);
    expect(groups[0]).toEqual([0, 1, 2, 4, 5, 6, 3]);
  });

  test('groups that alternate are dissolved', () => {
    expect(
      straightenChain(8, [
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ]).level,
    ).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  });

  test('operators in a cycle are left alone', () => {
    const linked = { source: Int32Array.of(0, 1), target: Int32Array.of(1, 0) };
    const level = straighten(
      [5, 6, ~0],
      () => linked,
      () => 1,
      () => [],
    );
    expect(level).toEqual([5, 6, ~0]);
  });
});
