import { expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { modelOf, operatorOf, tensorOf } from '../graph/testing.ts';
import { categories, encodeReport, quantities } from '../table/testing.ts';
import { decodeReport } from '../wire/report.ts';
import { placesOf, sortRows, weightRows } from './rows.ts';

const model = modelOf({
  inputs: ['x'],
  outputs: ['z'],
  operators: ['y = FULLY_CONNECTED(x, a)', 'z = FULLY_CONNECTED(y, b)'],
  constants: { a: [10], b: [30] },
});
const [a, b] = ['a', 'b'].map((name) => tensorOf(model, name));

function column(name: string, cells: Record<number, number>) {
  const values = Array.from({ length: model.tensorCount }, (_, tensor) => cells[tensor] ?? NaN);
  return quantities(name, values);
}

const report = decodeReport(
  encodeReport('weights', 'tensors', [
    column('stored_bytes', { [a]: 40, [b]: 120 }),
    column('zero_share', { [a]: 0.5, [b]: 0.1 }),
    column('entropy', { [a]: 3 }),
    column('deflated_bytes', { [a]: 30, [b]: 110 }),
    column('lut_bytes', { [a]: 20 }),
  ]),
);
const rows = weightRows(model, buildHierarchy(model), report);

test('the largest first, with the smallest packing', () => {
  expect(rows.map(({ tensor, share }) => [tensor, share])).toEqual([
    [b, 0.75],
    [a, 0.25],
  ]);
  expect(rows.map(({ packed, packing }) => [packed, packing])).toEqual([
    [110, 'deflate'],
    [20, 'LUT per channel'],
  ]);
  expect(rows.map(({ operator }) => operator)).toEqual(['z', 'y'].map((name) => operatorOf(model, name)));
});

test('what is not known stands last both ways', () => {
  for (const up of [true, false])
    expect(sortRows(rows, 'entropy', up).map(({ tensor }) => tensor)).toEqual([a, b]);
  expect(sortRows(rows, 'zeros', true).map(({ tensor }) => tensor)).toEqual([b, a]);
});

test('where zeros lie: how they are stored, and their pattern', () => {
  const cells = (of: Record<number, string>) =>
    Array.from({ length: model.tensorCount }, (_, tensor) => of[tensor] ?? null);
  const places = decodeReport(
    encodeReport('sparsity_tensors', 'tensors', [
      categories('encoding', cells({ [a]: 'csr', [b]: 'dense' })),
      categories('pattern', cells({ [a]: '2:4' })),
    ]),
  );
  expect([a, b].map((tensor) => placesOf(places, tensor))).toEqual(['csr, 2:4', '']);
  expect(placesOf(null, a)).toBe('');
});
