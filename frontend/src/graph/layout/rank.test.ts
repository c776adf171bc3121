import { describe, expect, test } from 'vitest';
import { topologicalOrder } from './acyclic.ts';
import { assignRanks, FIRST, flowOf, FREE, LAST, type EdgeTest } from './rank.ts';
import { graphOf, randomGraph } from './testing.ts';

const all: EdgeTest = () => true;

function ranks(
  n: number,
  edges: [number, number][],
  pins: Record<number, number> = {},
  pulls = all,
): number[] {
  const { source, target } = graphOf(n, edges);
  const pinned = Uint8Array.from({ length: n }, (_, v) => pins[v] ?? FREE);
  const { order } = topologicalOrder(n, source, target);
  return Array.from(assignRanks(flowOf(order, source, target), pinned, pulls));
}

test('the longest path counts', () => {
  expect(
    ranks(4, [
      [0, 1],
      [1, 2],
      [2, 3],
      [0, 3],
    ]),
  ).toEqual([0, 1, 2, 3]);
});

describe('slack is used up', () => {
  const trunk: [number, number][] = [
    [0, 1],
    [1, 2],
    [2, 3],
  ];

  test('a source moves down to what reads it', () => {
    expect(ranks(5, [...trunk, [4, 3]])[4]).toBe(2);
  });

  test('a chain from a source moves as a whole', () => {
    const found = ranks(6, [...trunk, [4, 5], [5, 3]]);
    expect(found.slice(4)).toEqual([1, 2]);
  });

  test('what is read stays up', () => {
    expect(ranks(5, [...trunk, [0, 4]])[4]).toBe(1);
  });

  test('edges that will not be drawn do not pull, but still go down', () => {
    const edges: [number, number][] = [...trunk, [4, 1], [4, 3], [3, 5]];
    expect(ranks(6, edges, {}, (e) => e !== 3)[4]).toBe(2 - 2);
    expect(ranks(6, [...trunk, [4, 3], [0, 4]], {}, (e) => e !== 3)[4]).toBe(1);
  });
});

test('pinned nodes have the first and the last rank to themselves', () => {
  const found = ranks(
    5,
    [
      [0, 2],
      [2, 3],
      [1, 4],
    ],
    { 0: FIRST, 1: FIRST, 4: LAST },
  );
  expect(found).toEqual([0, 0, 1, 2, 3]);
});

test('every edge goes down, and none could be shortened by moving one node', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { source, target } = randomGraph(60, 100, seed);
    const { order } = topologicalOrder(60, source, target);
    const rank = assignRanks(flowOf(order, source, target), new Uint8Array(60), all);
    for (let v = 0; v < 60; v++) {
      const up = rank[v] - Math.max(-1, ...Array.from(target, (to, e) => (to === v ? rank[source[e]] : -1)));
      const down =
        Math.min(999, ...Array.from(source, (from, e) => (from === v ? rank[target[e]] : 999))) - rank[v];
      const degree = (list: Int32Array): number => list.filter((w) => w === v).length;
      expect(up).toBeGreaterThan(0);
      expect(down).toBeGreaterThan(0);
      if (degree(target) > degree(source)) expect(up).toBe(1);
      if (degree(source) > degree(target)) expect(down).toBe(1);
    }
  }
});
