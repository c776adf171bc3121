import { expect, test } from 'vitest';
import { byteTicks, linearTicks, logTicks, wholeTicks } from './ticks.ts';

test('round numbers within the range', () => {
  expect(linearTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(linearTicks(36.2, 41.9, 4)).toEqual([38, 40]);
  expect(linearTicks(5, 5, 4)).toEqual([5]);
});

test('places are whole', () => {
  expect(wholeTicks(0, 3, 10)).toEqual([0, 1, 2, 3]);
  expect(wholeTicks(4, 4, 10)).toEqual([4]);
});

test('powers of ten, not too many', () => {
  expect(logTicks(0.5, 2000, 10)).toEqual([1, 10, 100, 1000]);
  expect(logTicks(1, 1e9, 4)).toEqual([1, 1e3, 1e6, 1e9]);
});

test('bytes are round in the unit that they are shown in', () => {
  expect(byteTicks(960, 5)).toEqual([0, 200, 400, 600, 800]);
  expect(byteTicks(35 * 1024, 4)).toEqual([0, 10 * 1024, 20 * 1024, 30 * 1024]);
  expect(byteTicks(3 * 1024 ** 2, 3)).toEqual([0, 1024 ** 2, 2 * 1024 ** 2, 3 * 1024 ** 2]);
  expect(byteTicks(0, 3)).toEqual([0]);
});
