import { expect, test } from 'vitest';
import { csrFromPairs, rowOf } from './csr.ts';

test('values are grouped by row, in the order in which they come', () => {
  const csr = csrFromPairs(4, [2, 0, 2, 3, 2], [10, 11, 12, 13, 14]);
  expect([0, 1, 2, 3].map((row) => Array.from(rowOf(csr, row)))).toEqual([[11], [], [10, 12, 14], [13]]);
});

test('no rows', () => {
  expect(csrFromPairs(0, [], [])).toEqual({ offsets: Int32Array.of(0), values: new Int32Array(0) });
});
