import { expect, test } from 'vitest';
import { channelNumbers, normalisation, range } from './summaries.ts';

test('channels that agree are one number', () => {
  expect(channelNumbers([127.5, 127.5, 127.5])).toBe('127.5');
  expect(channelNumbers([104, 117, 123])).toBe('[104, 117, 123]');
  expect(channelNumbers([1, 2, 3, 4, 5])).toBe('[1, 2, 3, 4, …]');
  expect(channelNumbers(['NaN'])).toBe('NaN');
});

test('normalisation as a formula', () => {
  expect(normalisation({ mean: [127.5], std: [127.5] })).toBe('(x − 127.5) / 127.5');
  expect(normalisation({ mean: [], std: [255] })).toBe('x / 255');
  expect(normalisation({ mean: [], std: [] })).toBe('');
});

test('ranges that are half said', () => {
  expect(range({ min: [0], max: [1] })).toBe('0 to 1');
  expect(range({ min: [0], max: [] })).toBe('0 to ?');
  expect(range({ min: [], max: [] })).toBe('');
});
