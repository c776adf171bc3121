import { expect, test } from 'vitest';
import { compareOperators, compareRuns } from './compare.ts';
import { workOf } from './profile.ts';
import { ridge, rooflineOf } from './roofline.ts';
import { byPartition, operatorRows } from './rows.ts';
import { profileWith, traceOf } from './testing.ts';

const PARTITIONS = [{ subgraph: 0, node: 4, delegate: 'XNNPACK', operators: [0, 2] }];
const PROFILE = profileWith([10, NaN, 30, 5], 60, PARTITIONS);
const CEILINGS = { flop_per_s: 1e9, bytes_per_s: 1e8, threads: 1, how: '' };
const NO_WORK = workOf(null, 4);

test('everything of an inference has a place', () => {
  const { total, attributed, rowsUs, outsideUs, unattributedRows } = PROFILE;
  expect([total, attributed, rowsUs, outsideUs]).toEqual([60, 45, 1, 2]);
  expect(unattributedRows).toEqual([{ tag: 'Invoke', kind: 'invoke', self_us: 1 }]);
});

test('operators stand in the order of their time; one that left no row is not among them', () => {
  const rows = operatorRows(PROFILE, NO_WORK);
  expect(rows.map(({ operator, self }) => [operator, self])).toEqual([
    [2, 30],
    [0, 10],
    [3, 5],
  ]);
  expect(rows.map(({ cumulative }) => cumulative)).toEqual([0.5, expect.closeTo(2 / 3), 0.75]);
  expect(PROFILE.kernel(1)).toBe('');
});

test('rates are of self time, and not known where the work is not', () => {
  const work = {
    macs: Float64Array.of(1000, 1, NaN, 0),
    bytes: Float64Array.of(500, 1, 8, 8),
    isKnown: true,
  };
  const rows = operatorRows(PROFILE, work);
  expect(rows.map(({ macsPerSecond }) => macsPerSecond)).toEqual([NaN, expect.closeTo(1e8), NaN]);
  expect(rows[1].bytesPerSecond).toBeCloseTo(5e7);
  expect(operatorRows(PROFILE, NO_WORK)[0].macsPerSecond).toBeNaN();
});

test('an operator in a loop does its work at every turn', () => {
  const looped = profileWith([10, NaN, 30, 5], 60, [], [12]);
  const work = { macs: Float64Array.of(1000, 1, 1, 1), bytes: Float64Array.of(500, 1, 1, 1), isKnown: true };
  expect(operatorRows(looped, work)[1].macsPerSecond).toBeCloseTo(12e8);
  expect(rooflineOf(looped, work, CEILINGS).points[0]).toMatchObject({ intensity: 4 });
  expect(rooflineOf(looped, work, CEILINGS).points[0].rate).toBeCloseTo(24e8);
});

test('nothing is derived from times that the clock cannot tell', () => {
  const short = profileWith([10, 0.003, 0, 5], 60, [], [12]);
  short.trace.environment.clock_ns = 1000;
  const work = { macs: Float64Array.of(1, 1, 1, 1), bytes: Float64Array.of(1, 1, 1, 1), isKnown: true };
  const rates = operatorRows(short, work).map(({ operator, ticks, macsPerSecond }) => [
    operator,
    ticks,
    Number.isNaN(macsPerSecond),
  ]);
  expect(rates).toEqual([
    [0, expect.closeTo(10 / 12), true],
    [3, 5, false],
    [1, 0.003, true],
    [2, 0, true],
  ]);
  const { points, tooShort } = rooflineOf(short, work, CEILINGS);
  expect([points.map(({ operator }) => operator), tooShort]).toEqual([[3], 3]);
});

test('bytes are those of weights, inputs and outputs together', () => {
  const base = { unit: 'By', provenance: 'declared' as const, doc: '', rows: 2, kind: 'quantity' as const };
  const columns = ['weight_bytes', 'input_bytes', 'output_bytes'].map((name, place) => ({
    ...base,
    name,
    values: Float64Array.of(10 ** place, place === 1 ? NaN : 1),
  }));
  const work = workOf({ name: 'compute', over: 'operators', summary: {}, findings: [], columns }, 2);
  expect([...work.bytes]).toEqual([111, NaN]);
});

test('partitions and what runs in none add up to all operators', () => {
  const rows = byPartition(PROFILE);
  expect(rows.map(({ name, operators, self }) => [name, operators, self])).toEqual([
    ['XNNPACK 0', [0, 2], 40],
    ['the runtime’s own kernels', [1, 3], 5],
  ]);
});

test('an operator lies under the ceiling that bounds it', () => {
  const work = {
    macs: Float64Array.of(500, 5, 15_000, 0),
    bytes: Float64Array.of(1000, 10, 10, 10),
    isKnown: true,
  };
  const { points, tooShort } = rooflineOf(PROFILE, work, CEILINGS);
  expect(ridge(CEILINGS)).toBe(10);
  expect(tooShort).toBe(0);
  expect(points.map(({ operator, bound }) => [operator, bound])).toEqual([
    [0, 'memory'],
    [2, 'compute'],
  ]);
  // 1000 operations in 10 µs are 1e8 per second, as many as memory allows at one operation per byte.
  expect(points[0].intensity).toBe(1);
  expect(points[0].rate).toBeCloseTo(1e8);
  expect(points[0].reached).toBeCloseTo(1);
  expect(points[1].reached).toBeCloseTo(1);
});

test('ceilings come from files and are believed only as positive numbers', () => {
  expect(traceOf([], [], { ceilings: CEILINGS }).ceilings).toEqual(CEILINGS);
  for (const ceilings of [null, 7, { flop_per_s: '1', bytes_per_s: 1 }, { flop_per_s: -1, bytes_per_s: 1 }])
    expect(traceOf([], [], { ceilings }).ceilings).toBeNull();
});

test('runs stand side by side, the operators that differ most first', () => {
  const other = profileWith([11, 7, 10, NaN], 60);
  const rows = compareOperators([PROFILE, other]);
  expect(rows.map(({ operator, difference }) => [operator, difference])).toEqual([
    [2, -20],
    [0, 1],
    [1, NaN],
    [3, NaN],
  ]);
  expect(rows[0].ratio).toBeCloseTo(1 / 3);
  expect(compareRuns([PROFILE, other]).map(({ ratio }) => ratio)).toEqual([1, 1]);
  expect(compareOperators([PROFILE])).toEqual([]);
});
