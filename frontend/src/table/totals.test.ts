import { expect, test } from 'vitest';
import { quantities } from './testing.ts';
import { totalOf } from './totals.ts';

test('what is not known is in no sum, and is counted', () => {
  const column = quantities('q', [1, NaN, 4, 8]);
  expect(totalOf(column, Int32Array.of(0, 1, 3))).toEqual({ sum: 9, whole: 13, missing: 1 });
  expect(totalOf(column, Int32Array.of())).toEqual({ sum: 0, whole: 13, missing: 0 });
});
