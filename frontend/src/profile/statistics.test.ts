import { expect, test } from 'vitest';
import { bandOf, fenceOf, histogramOf, quantile, spreadOf } from './statistics.ts';

test('quantiles lie between samples, as numpy places them', () => {
  const sorted = Float64Array.of(1, 2, 3, 4);
  expect([0, 0.05, 0.5, 0.95, 1].map((share) => quantile(sorted, share))).toEqual([
    1,
    expect.closeTo(1.15),
    2.5,
    expect.closeTo(3.85),
    4,
  ]);
});

test('an outlier moves neither the median nor the deviation', () => {
  const samples = Float64Array.from({ length: 99 }, (_, i) => 100 + (i % 3));
  const before = spreadOf(samples)!;
  samples[50] = 1e9;
  const after = spreadOf(samples)!;
  expect(after).toMatchObject({ count: 99, median: before.median, mad: before.mad });
});

test('drift compares the last quarter with the first', () => {
  const steady = Float64Array.from({ length: 40 }, () => 100);
  const hot = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 100 : 150));
  expect(spreadOf(steady)!.drift).toBe(0);
  expect(spreadOf(hot)!.drift).toBeCloseTo(0.5);
  expect(spreadOf(hot.slice(0, 20))!.drift).toBeNull();
});

test('nothing is said of nothing', () => {
  expect(spreadOf(new Float64Array(0))).toBeNull();
  expect(histogramOf(new Float64Array(0), 3).counts).toEqual(Int32Array.of(0, 0, 0));
});

test('every sample is counted once', () => {
  const samples = Float64Array.from({ length: 1000 }, (_, i) => i);
  samples[7] = 1e6;
  const { counts, above } = histogramOf(samples, 20);
  expect(counts.reduce((sum, count) => sum + count, 0) + above).toBe(1000);
  expect(above).toBe(1);
  expect(Math.max(...counts)).toBeLessThan(70);
});

test('the fence keeps what is near the middle half and leaves out what is far', () => {
  expect(fenceOf(Float64Array.of(10, 11, 12, 13, 14, 500))).toBe(14);
  expect(fenceOf(Float64Array.of(10, 11, 12, 13, 17, 18))).toBe(18);
});

test('equal samples make one bar', () => {
  expect([...histogramOf(Float64Array.of(5, 5, 5), 3).counts]).toEqual([3, 0, 0]);
});

test('a band keeps the order and the extremes', () => {
  const band = bandOf(Float64Array.of(1, 9, 2, 3, 4, 8), 3);
  expect([...band.low]).toEqual([1, 2, 4]);
  expect([...band.high]).toEqual([9, 3, 8]);
  expect([...band.first]).toEqual([0, 2, 4]);
  expect(bandOf(Float64Array.of(7), 3).median).toEqual(Float64Array.of(7));
});
