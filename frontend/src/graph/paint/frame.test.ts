import { expect, test } from 'vitest';
import { grouped } from './frame.ts';

test('ids are grouped by key in their order, and left out with -1', () => {
  const keys = [7, -1, 0, 7, 0, 3];
  const groups = grouped(Int32Array.of(5, 4, 3, 2, 1, 0), (id) => keys[id]);
  expect(groups.map(({ key, ids }) => [key, [...ids]])).toEqual([
    [0, [4, 2]],
    [3, [5]],
    [7, [3, 0]],
  ]);
  expect(grouped(new Int32Array(), () => 0)).toEqual([]);
});
