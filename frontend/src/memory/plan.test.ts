import { expect, test } from 'vitest';
import { decoderStack } from '../graph/testing.ts';
import { categories, quantities, texts } from '../table/testing.ts';
import { decodeModel } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import { buffersOf, largestOf, liveBytes, operatorsOf, steps } from './plan.ts';

const MODEL = decodeModel(decoderStack({ layers: 2, named: true }).encode());

function tensors(
  cells: [place: string | null, size: number, offset: number, first: number, last: number, of?: number][],
) {
  const all = Array.from({ length: MODEL.tensorCount }, (_, row) => cells[row] ?? [null, NaN, NaN, -1, -1]);
  const text = (place: 3 | 4 | 5) =>
    all.map((row) => (row[place] === undefined || row[place] < 0 ? null : `${row[place]}`));
  return {
    name: 'memory_tensors',
    over: 'tensors',
    summary: {},
    findings: [],
    columns: [
      categories(
        'place',
        all.map(([place]) => place),
      ),
      quantities(
        'buffer_bytes',
        all.map(([, size]) => size),
        'By',
      ),
      quantities(
        'offset',
        all.map(([, , offset]) => offset),
        'By',
      ),
      texts('first_use', text(3)),
      texts('last_use', text(4)),
      texts('shares_with', text(5)),
    ],
  } as Report;
}

test('buffers are where they lie and as long as they are kept', () => {
  const report = tensors([
    ['arena', 64, 128, 0, 3],
    ['constant', NaN, NaN, -1, -1],
    ['arena', 32, 0, 2, 5],
    ['shared', NaN, NaN, -1, -1, 2],
    ['persistent', 16, NaN, 0, 9],
  ]);
  expect(buffersOf(report, MODEL, 0, 10)).toEqual([
    { tensor: 2, offset: 0, size: 32, first: 2, last: 5, shared: [3] },
    { tensor: 0, offset: 128, size: 64, first: 0, last: 3, shared: [] },
  ]);
  expect(buffersOf(report, MODEL, 4, 10).map(({ tensor }) => tensor)).toEqual([2]);
  expect(buffersOf(report, MODEL, 6, 10)).toEqual([]);
});

test('a planner with one arena goes over all operators', () => {
  expect(operatorsOf(MODEL, 'micro', 0)).toEqual([0, MODEL.operatorCount]);
  expect(operatorsOf(MODEL, 'litert', 0)).toEqual([0, MODEL.subgraphOperators[1]]);
});

test('what is not known is a gap in the line', () => {
  const path = steps(
    Float64Array.from([4, NaN, 2, 2]),
    (place) => 10 * place,
    (value) => value,
  );
  expect(path).toBe('M0.0 4.0H10.0M20.0 2.0H30.0L30.0 2.0H40.0');
});

test('many values are shown by the largest of their neighbours', () => {
  expect([...largestOf(Float64Array.from([1, 9, 2, NaN, NaN, NaN, 3]), 4).values]).toEqual([9, 2, NaN, 3]);
  expect(largestOf(Float64Array.from([1, 2]), 5).step).toBe(1);
});

test('a report without figures tells of nothing', () => {
  const empty = { name: 'memory', over: 'operators', summary: {}, findings: [], columns: [] } as Report;
  expect(liveBytes(empty, MODEL).every(Number.isNaN)).toBe(true);
  expect(buffersOf(empty, MODEL, 0, 10)).toEqual([]);
});
