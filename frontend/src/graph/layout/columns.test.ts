import { expect, test } from 'vitest';
import { breakColumns, LANE, type Columns } from './columns.ts';

/** Ranks of one height, all as wide as the others. */
function even(ranks: number, crossing: (rank: number) => number, several = true): Columns {
  const top = Float64Array.from({ length: ranks }, (_, r) => 100 * r);
  const bottom = top.map((y) => y + 60);
  const left = new Float64Array(ranks).fill(0);
  const right = new Float64Array(ranks).fill(200);
  return breakColumns(
    top,
    bottom,
    left,
    right,
    Int32Array.from(left, (_, r) => crossing(r)),
    several,
  );
}

function startsOf({ column }: Columns): number[] {
  return Array.from(column.keys()).filter((r) => r === 0 || column[r] !== column[r - 1]);
}

test('what is low, or must be, stays one column', () => {
  expect(even(9, () => 1)).toMatchObject({ width: 200, total: 860, margin: 0 });
  expect(even(90, () => 1, false)).toMatchObject({ width: 200, total: 8960, margin: 0 });
  expect(even(0, () => 1)).toMatchObject({ width: 0, total: 0 });
});

test('columns are read from left to right, and do not overlap', () => {
  const columns = even(90, () => 1);
  const { column, left, right, dx } = columns;
  expect(column).toEqual(column.slice().sort());
  expect(left.length).toBeGreaterThan(3);
  for (let c = 1; c < left.length; c++)
    expect(left[c]).toBeGreaterThan(right[c - 1] + LANE * columns.crossing[c]);
  for (const [rank, shift] of dx.entries()) expect(shift).toBe(left[column[rank]]);
  expect(columns.width).toBe(right.at(-1));
  expect(columns.total / columns.width).toBeLessThan(1.2);
});

test('columns break where few lines cross', () => {
  const starts = startsOf(even(60, (r) => (r % 10 === 9 ? 1 : 6)));
  expect(starts.length).toBeGreaterThan(2);
  for (const start of starts) expect(start % 10).toBe(0);
});

test('there is room for every line that goes around', () => {
  const columns = even(60, () => 5);
  expect(columns.margin).toBeGreaterThan(5 * LANE);
  expect(columns.dy[0]).toBe(columns.margin);
  expect(columns.total).toBeCloseTo(Math.max(...columns.height) + 2 * columns.margin);
});

test('one box that has most of the height leaves one column', () => {
  const top = Float64Array.of(0, 100, 2200);
  const bottom = Float64Array.of(60, 2160, 2260);
  const columns = breakColumns(
    top,
    bottom,
    new Float64Array(3),
    new Float64Array(3).fill(200),
    Int32Array.of(1, 1, 1),
    true,
  );
  expect(startsOf(columns)).toEqual([0]);
});
