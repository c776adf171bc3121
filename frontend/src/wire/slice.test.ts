import { expect, test } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import { decodeSlice } from './slice.ts';

const header = {
  dtype: 'INT8',
  reading: 'scaled',
  shape: [2, 2],
  matrix: [2, 2],
  begin: [0, 0],
  step: [1, 1],
  size: [2, 2],
};

test('real values come where they are others', () => {
  const stored = Int32Array.of(1, -2, 3, 4);
  const both = decodeSlice(encodeContainer(header, { stored, real: Float64Array.of(0.5, -1, 1.5, 2) }));
  expect(Array.from(both.stored)).toEqual([1, -2, 3, 4]);
  expect(Array.from(both.real ?? [])).toEqual([0.5, -1, 1.5, 2]);
  expect(both.matrix).toEqual([2, 2]);
  expect(decodeSlice(encodeContainer(header, { stored })).real).toBeNull();
});
