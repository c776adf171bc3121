import { expect, test } from 'vitest';
import { OPEN_GROUP, type Scene } from '../scene.ts';
import { boxesInSight, linesInSight, sightOf } from './sight.ts';

const SIGHT = sightOf({ x: 100, y: 50, scale: 2 }, { width: 400, height: 200 }, 1.5);

test('what is seen follows from camera and viewport', () => {
  expect(SIGHT).toEqual({ left: 100, top: 50, right: 300, bottom: 150, scale: 2, pixel: 1 / 3 });
});

test('boxes that touch the sight are in it', () => {
  const boxes = {
    kind: Uint8Array.of(OPEN_GROUP, 0, 0, 0, 0, 0),
    x: Float64Array.of(90, 0, 299, 301, 150, 150),
    y: Float64Array.of(60, 60, 149, 60, 60, 151),
    width: Float64Array.of(20, 20, 50, 50, 10, 10),
    height: Float64Array.of(20, 20, 50, 50, 10, 10),
  };
  const scene = { boxes } as unknown as Scene;
  const { open, closed } = boxesInSight(scene, SIGHT);
  expect([[...open], [...closed]]).toEqual([[0], [2, 4]]);
});

test('lines by their bounds', () => {
  const bounds = Float64Array.of(0, 0, 99, 99, 0, 0, 1000, 1000, 120, 60, 120, 70);
  expect([...linesInSight(bounds, SIGHT)]).toEqual([1, 2]);
});
