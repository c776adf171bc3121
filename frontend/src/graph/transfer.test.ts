import { expect, test } from 'vitest';
import { transferables } from './transfer.ts';

test('every buffer once, from wherever it is', () => {
  const shared = new ArrayBuffer(16);
  const value = {
    count: 1,
    text: 'a',
    none: null,
    top: Float64Array.of(1),
    inner: {
      a: new Int32Array(shared, 0, 2),
      b: new Int32Array(shared, 8, 2),
      deeper: { c: Uint8Array.of(1) },
    },
  };
  expect(transferables(value)).toEqual([value.top.buffer, shared, value.inner.deeper.c.buffer]);
  expect(transferables({})).toEqual([]);
});
