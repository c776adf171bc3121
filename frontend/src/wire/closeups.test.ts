import { expect, test } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import { decodeCloseups } from './closeups.ts';

const NAMES = ['reference', 'value', 'channel_reference_rms', 'channel_rmse', 'channel_mean_error'];

test('lists by operator, accumulated and local', () => {
  const columns: Record<string, Int32Array | Float64Array> = { operator: Int32Array.of(2, 5) };
  for (const [place, name] of NAMES.entries()) {
    columns[name] = Float64Array.of(place, place + 0.5, place + 0.75);
    columns[`${name}.offsets`] = Int32Array.of(0, 1, 3);
    columns[`local_${name}`] = Float64Array.of(-place);
    columns[`local_${name}.offsets`] = Int32Array.of(0, 0, 1);
  }
  const found = decodeCloseups(encodeContainer({}, columns));
  expect([...found.keys()]).toEqual([2, 5]);
  const { whole, local } = found.get(5)!;
  expect(Array.from(whole.value)).toEqual([1.5, 1.75]);
  expect(Array.from(whole.channels.meanError)).toEqual([4.5, 4.75]);
  expect(Array.from(local.channels.rmse)).toEqual([-3]);
  expect(found.get(2)!.local.reference).toHaveLength(0);
});

test('none where another tool has measured, and an answer that lacks something', () => {
  expect(decodeCloseups(encodeContainer({}, { operator: new Int32Array(0) })).size).toBe(0);
  expect(() => decodeCloseups(encodeContainer({}, { operator: Int32Array.of(1) }))).toThrow(
    'lacks reference',
  );
});
