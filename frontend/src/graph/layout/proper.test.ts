import { expect, test } from 'vitest';
import { addDummies } from './proper.ts';

test('every piece of an edge leads to the next rank', () => {
  const source = Int32Array.of(0, 0, 1, 0);
  const target = Int32Array.of(1, 2, 2, 3);
  const graph = addDummies(Int32Array.of(0, 1, 3, 3), source, target, (e) => e !== 3);
  expect(Array.from(graph.rank)).toEqual([0, 1, 3, 3, 1, 2, 2]);
  expect(Array.from(graph.firstDummy)).toEqual([-1, 4, 6, -1]);
  const pieces: [number, number][] = [];
  for (let v = 0; v < 7; v++)
    for (let i = graph.below.first[v]; i < graph.below.first[v + 1]; i++)
      pieces.push([v, graph.below.node[i]]);
  expect(pieces).toEqual([
    [0, 1],
    [0, 4],
    [1, 6],
    [4, 5],
    [5, 2],
    [6, 2],
  ]);
  expect(graph.above.node.length).toBe(6);
  expect(graph.above.first[4] - graph.above.first[3]).toBe(0);
});

test('what is not drawn still ties nodes together', () => {
  const graph = addDummies(Int32Array.of(0, 5), Int32Array.of(0), Int32Array.of(1), () => false);
  expect(graph.rank.length).toBe(2);
  expect([graph.ties.from[0], graph.ties.to[0]]).toEqual([0, 1]);
});
