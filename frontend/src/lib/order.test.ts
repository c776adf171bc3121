import { expect, test } from 'vitest';
import { compareFigures } from './order.ts';

test('up and down, infinite ones at their end, unknown ones last whichever way', () => {
  const figures = [3, NaN, -Infinity, 1, NaN, Infinity, 2];
  const sorted = (up: boolean): number[] => figures.toSorted((a, b) => compareFigures(a, b, up));
  expect(sorted(true)).toEqual([-Infinity, 1, 2, 3, Infinity, NaN, NaN]);
  expect(sorted(false)).toEqual([Infinity, 3, 2, 1, -Infinity, NaN, NaN]);
  expect(compareFigures(Infinity, Infinity, true)).toBe(0);
});
