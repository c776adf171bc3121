import { expect, test } from 'vitest';
import { between } from './motion.ts';

const VIEWPORT = { width: 800, height: 600 };

test('the way between two cameras starts at one and ends at the other', () => {
  const a = { x: 0, y: 10, scale: 0.1 };
  const b = { x: 500, y: -20, scale: 2 };
  for (const [t, camera] of [
    [0, a],
    [1, b],
  ] as const) {
    const step = between(a, b, t, VIEWPORT);
    for (const key of ['x', 'y', 'scale'] as const) expect(step[key]).toBeCloseTo(camera[key]);
  }
});

test('half way the scale is the geometric mean', () => {
  expect(between({ x: 0, y: 0, scale: 0.5 }, { x: 0, y: 0, scale: 2 }, 0.5, VIEWPORT).scale).toBeCloseTo(1);
});
