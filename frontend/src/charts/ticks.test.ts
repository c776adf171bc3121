import { expect, test } from 'vitest';
import { linearTicks, logTicks } from './ticks.ts';

test('round numbers within the range', () => {
  expect(linearTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(linearTicks(36.2, 41.9, 4)).toEqual([38, 40]);
  expect(linearTicks(5, 5, 4)).toEqual([5]);
});

test('powers of ten, not too many', () => {
  expect(logTicks(0.5, 2000, 10)).toEqual([1, 10, 100, 1000]);
  expect(logTicks(1, 1e9, 4)).toEqual([1, 1e3, 1e6, 1e9]);
});
