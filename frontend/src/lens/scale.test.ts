import { expect, test } from 'vitest';
import { histogram, isOff, position, scaleColors, scaleOf, STEPS, stepOf, valueAt } from './scale.ts';

test('spans what is finite', () => {
  expect(scaleOf(Float64Array.of(3, NaN, 7, Infinity))).toEqual({ low: 3, high: 7, log: false });
  expect(scaleOf(Float64Array.of())).toEqual({ low: 0, high: 1, log: false });
});

test('is logarithmic over orders of magnitude, from the least positive value', () => {
  expect(scaleOf(Float64Array.of(0, 2, 500))).toEqual({ low: 2, high: 500, log: true });
  expect(scaleOf(Float64Array.of(-1, 500)).log).toBe(false);
});

test('is what is asked for, where the values allow it', () => {
  expect(scaleOf(Float64Array.of(1, 2), true)).toEqual({ low: 1, high: 2, log: true });
  expect(scaleOf(Float64Array.of(1, 2000), false)).toEqual({ low: 1, high: 2000, log: false });
  expect(scaleOf(Float64Array.of(-5, 0.5, 8), true)).toEqual({ low: 0.5, high: 8, log: true });
  expect(scaleOf(Float64Array.of(-5, 0), true).log).toBe(false);
});

test('places and values are each other’s inverse', () => {
  for (const scale of [
    { low: 2, high: 500, log: true },
    { low: -1, high: 3, log: false },
  ])
    for (const t of [0, 0.25, 0.5, 1]) expect(position(scale, valueAt(scale, t))).toBeCloseTo(t);
});

test('clamps, also a scale of one value', () => {
  expect(stepOf({ low: 1, high: 2, log: false }, 99)).toBe(STEPS - 1);
  expect(position({ low: 5, high: 5, log: false }, 5)).toBe(1);
});

test('counts every finite value once', () => {
  const values = Float64Array.of(0, 1, 2, 3, 4, NaN);
  expect([...histogram(scaleOf(values), values, 2)]).toEqual([2, 3]);
});

test('what has no place on the scale is not counted', () => {
  const values = Float64Array.of(0, 1, 1000, -3);
  expect([...histogram(scaleOf(values, true), values, 2)]).toEqual([1, 1]);
  expect(isOff(scaleOf(values, true), 0)).toBe(true);
  expect(isOff(scaleOf(values, false), 0)).toBe(false);
});

test('runs from light to dark on light ground, and from dark to light on dark', () => {
  const brightness = (css: string): number =>
    (css.match(/\d+/g) ?? []).map(Number).reduce((sum, part) => sum + part, 0);
  const light = scaleColors(false).map(({ strong }) => brightness(strong));
  const dark = scaleColors(true).map(({ strong }) => brightness(strong));
  expect(light[0]).toBeGreaterThan(light.at(-1)!);
  expect(dark[0]).toBeLessThan(dark.at(-1)!);
});
