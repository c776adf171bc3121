import { describe, expect, test } from 'vitest';
import { OPEN_GROUP, OPERATOR, type Scene } from '../scene.ts';
import { Labels, middles, overlap } from './labels.ts';

/** Two lines between boxes that stand 40 apart, the second of the same tensor where wanted. */
function sceneOf(gap: number, secondTensor: number): Scene {
  return {
    boxes: {
      kind: Uint8Array.of(OPEN_GROUP, OPERATOR, OPERATOR, OPERATOR, OPERATOR),
      x: Float64Array.of(0, 0, 0, 120, 120),
      y: Float64Array.of(0, 0, 50 + gap, 0, 50 + gap),
      width: Float64Array.of(500, 100, 100, 100, 100),
      height: Float64Array.of(500, 50, 50, 50, 50),
    },
    lines: {
      tensor: Int32Array.of(7, secondTensor),
      offsets: Int32Array.of(0, 4, 8),
      points: Float64Array.of(50, 50, 50, 50 + gap, 170, 50, 170, 50 + gap),
    },
    stubs: { box: new Int32Array(), x: new Float64Array(), y: new Float64Array(), arrives: new Uint8Array() },
  } as unknown as Scene;
}

const ALL = Int32Array.of(1, 2, 3, 4);

describe('labels stand', () => {
  test('in the middle of their line, where boxes leave the room', () => {
    const labels = new Labels();
    expect(labels.place(sceneOf(40, 8), ALL, 0, 60)).toMatchObject({ x: 50, y: 70 });
    expect(new Labels().place(sceneOf(10, 8), ALL, 0, 60)).toBeNull();
  });

  test('not on each other', () => {
    const labels = new Labels();
    const scene = sceneOf(40, 8);
    expect(labels.place(scene, ALL, 0, 130)).not.toBeNull();
    expect(labels.place(scene, ALL, 1, 130)).toBeNull();
    expect(labels.place(scene, ALL, 0, 130)).toMatchObject({ x: 50 });
  });

  test('once for a tensor that goes to neighbours', () => {
    const labels = new Labels();
    const scene = sceneOf(40, 7);
    expect(labels.place(scene, ALL, 0, 60)).not.toBeNull();
    expect(labels.place(scene, ALL, 1, 60)).toBeNull();
  });

  test('not on the end of a cut edge', () => {
    const scene = sceneOf(40, 8);
    scene.stubs.box = Int32Array.of(1);
    scene.stubs.x = Float64Array.of(60);
    scene.stubs.y = Float64Array.of(60);
    scene.stubs.arrives = Uint8Array.of(0);
    expect(new Labels().place(scene, ALL, 0, 60)).toBeNull();
  });
});

test('the longest part of a line comes first', () => {
  const lines = { points: Float64Array.of(0, 0, 0, 10, 30, 10, 30, 110), offsets: Int32Array.of(0, 8) };
  expect(middles({ lines } as unknown as Scene, 0)[0]).toMatchObject({ x: 30, y: 60 });
});

test('places overlap when they share room', () => {
  const place = { x: 0, y: 0, width: 20, height: 10 };
  expect(overlap(place, { ...place, x: 15 })).toBe(true);
  expect(overlap(place, { ...place, y: 11 })).toBe(false);
});
