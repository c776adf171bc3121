import { expect, test } from 'vitest';
import { isAllInView, mapOf, windowOnMap } from './minimap.ts';

const WORLD = { width: 3600, height: 1300 };

test('a map keeps the proportions of the world and stays small', () => {
  expect(mapOf(WORLD)).toEqual({ scale: 0.05, width: 180, height: 65 });
  const tall = mapOf({ width: 100, height: 100_000 });
  expect(tall.height).toBe(130);
  expect(tall.width).toBe(24);
});

test('the window is shown where it is, cut off at the edges', () => {
  const map = mapOf(WORLD);
  expect(windowOnMap(map, { x: 360, y: 130, width: 720, height: 260 })).toEqual({
    x: 18,
    y: 6.5,
    width: 36,
    height: 13,
  });
  expect(windowOnMap(map, { x: -1000, y: 1200, width: 2000, height: 900 })).toEqual({
    x: 0,
    y: 60,
    width: 50,
    height: 5,
  });
});

test('there is no map where all is in view', () => {
  expect(isAllInView(WORLD, { x: -10, y: -10, width: 4000, height: 1400 })).toBe(true);
  expect(isAllInView(WORLD, { x: 10, y: -10, width: 4000, height: 1400 })).toBe(false);
});
