import { expect, test } from 'vitest';
import { randomNumbers } from '../testing.ts';
import { topologicalOrder } from './acyclic.ts';
import { randomGraph } from './testing.ts';

function order(n: number, edges: [number, number][]): number[] {
  const source = Int32Array.from(edges, ([from]) => from);
  const target = Int32Array.from(edges, ([, to]) => to);
  return Array.from(topologicalOrder(n, source, target).order);
}

test('keeps the numbering where edges leave a choice', () => {
  expect(order(4, [])).toEqual([0, 1, 2, 3]);
  expect(
    order(4, [
      [3, 0],
      [2, 1],
    ]),
  ).toEqual([2, 1, 3, 0]);
});

test('edges go forward', () => {
  const { source, target } = randomGraph(300, 900, 1, 0.5);
  const shuffled = withoutCycles(source, target);
  const { place, order } = topologicalOrder(300, shuffled.source, shuffled.target);
  expect(shuffled.source.every((from, e) => place[from] < place[shuffled.target[e]])).toBe(true);
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, v) => v));
});

test('cycles do not stop it: the smallest number goes first', () => {
  expect(
    order(4, [
      [0, 1],
      [1, 2],
      [2, 0],
      [2, 3],
    ]),
  ).toEqual([0, 1, 2, 3]);
  expect(order(2, [[1, 1]])).toEqual([0, 1]);
});

/** Renumbers the nodes at random and turns the edges so that they fit a second random order. */
function withoutCycles(source: Int32Array, target: Int32Array): { source: Int32Array; target: Int32Array } {
  const random = randomNumbers(7);
  const weight = Array.from({ length: 300 }, random);
  return {
    source: source.map((from, e) => (weight[from] < weight[target[e]] ? from : target[e])),
    target: target.map((to, e) => (weight[source[e]] < weight[to] ? to : source[e])),
  };
}
