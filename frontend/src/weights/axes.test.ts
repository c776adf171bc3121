import { expect, test } from 'vitest';
import { channelAxis, channelRows, filterRows, indexOf, otherAxes } from './axes.ts';

test('channels lie where the scales do, or where the shape suggests', () => {
  expect(channelAxis([16, 3, 3, 8], null)).toBe(0);
  expect(channelAxis([1, 3, 3, 8], null)).toBe(3);
  expect(channelAxis([8, 4], 1)).toBe(1);
});

test('a row for each channel', () => {
  expect(channelRows([16, 3, 3, 8], 0)).toEqual({ rows: [0], columns: [1, 2, 3] });
  expect(channelRows([1, 3, 3, 8], 3)).toEqual({ rows: [3], columns: [0, 1, 2] });
  expect(channelRows([8], 0)).toEqual({ rows: [], columns: [0] });
  expect(channelRows([], 0)).toEqual({ rows: [], columns: [] });
});

test('filters are pictures of height and width', () => {
  expect(filterRows([16, 3, 5, 8], 0)).toEqual({ rows: [0, 1], columns: [2], fixed: [3] });
  expect(filterRows([1, 3, 3, 8], 3)).toEqual({ rows: [3, 1], columns: [2], fixed: [0] });
  expect(filterRows([16, 1, 1, 8], 0)).toBeNull();
  expect(filterRows([16, 8], 0)).toBeNull();
});

test('a cell of the matrix has a place in the tensor', () => {
  const shape = [2, 3, 4, 5];
  const layout = { rows: [0, 1], columns: [3] };
  expect(otherAxes(4, layout)).toEqual([2]);
  expect(indexOf(shape, layout, [3], 4, 2)).toEqual([1, 1, 3, 2]);
});
