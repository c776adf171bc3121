import { describe, expect, test } from 'vitest';
import { clamp, fit, MAX_SCALE, panBy, reveal, zoomAt, type Camera, type Rect } from './camera.ts';

const VIEWPORT = { width: 1000, height: 600 };

/** Where a rectangle is on the screen. */
function onScreen(camera: Camera, { x, y, width, height }: Rect): Rect {
  const { scale } = camera;
  return {
    x: (x - camera.x) * scale,
    y: (y - camera.y) * scale,
    width: width * scale,
    height: height * scale,
  };
}

function isInView({ x, y, width, height }: Rect): boolean {
  return x >= 0 && y >= 0 && x + width <= VIEWPORT.width && y + height <= VIEWPORT.height;
}

describe('fit', () => {
  test('shows all of a large rectangle, in the middle of what is free below the bar with the traces', () => {
    const rect = { x: 100, y: -50, width: 5000, height: 300 };
    const shown = onScreen(fit(rect, VIEWPORT), rect);
    expect(isInView(shown)).toBe(true);
    expect(shown.x + shown.width / 2).toBeCloseTo(500);
    expect(shown.y + shown.height / 2).toBeCloseTo(310);
    const tall = { x: 0, y: 0, width: 10, height: 9000 };
    const { y, height } = onScreen(fit(tall, VIEWPORT), tall);
    expect([y, VIEWPORT.height - y - height].map(Math.round)).toEqual([52, 32]);
  });

  test('does not enlarge a small one', () => {
    expect(fit({ x: 0, y: 0, width: 10, height: 10 }, VIEWPORT).scale).toBe(1);
    expect(fit({ x: 0, y: 0, width: 10, height: 10 }, VIEWPORT, 3).scale).toBe(3);
  });

  test('works for nothing, and in no room at all', () => {
    for (const camera of [
      fit({ x: 5, y: 5, width: 0, height: 0 }, VIEWPORT),
      fit({ x: 0, y: 0, width: 9, height: 9 }, { width: 0, height: 0 }),
    ])
      expect(camera.scale > 0 && Number.isFinite(camera.x) && Number.isFinite(camera.y)).toBe(true);
  });
});

describe('zoom', () => {
  const camera = { x: 40, y: -10, scale: 0.5 };

  test('keeps what is under the pointer where it is', () => {
    const zoomed = zoomAt(camera, 1.7, 300, 200, 0.01);
    const world = { x: camera.x + 300 / camera.scale, y: camera.y + 200 / camera.scale, width: 0, height: 0 };
    expect(zoomed.scale).toBeCloseTo(0.85);
    expect(onScreen(zoomed, world)).toMatchObject({
      x: expect.closeTo(300) as number,
      y: expect.closeTo(200) as number,
    });
  });

  test('stays within its limits, and does not move there', () => {
    const most = zoomAt(camera, 1e9, 300, 200, 0.01);
    expect(most.scale).toBe(MAX_SCALE);
    expect(zoomAt(most, 2, 10, 10, 0.01)).toEqual(most);
    expect(zoomAt(camera, 1e-9, 300, 200, 0.01).scale).toBe(0.01);
  });
});

test('panning goes as far as the pointer, at any scale', () => {
  expect(panBy({ x: 0, y: 0, scale: 0.5 }, 10, -20)).toEqual({ x: 20, y: -40, scale: 0.5 });
});

describe('reveal', () => {
  test('does not move for what is in view', () => {
    const camera = { x: 0, y: 0, scale: 1 };
    expect(reveal(camera, { x: 100, y: 100, width: 120, height: 60 }, VIEWPORT)).toBe(camera);
  });

  test('moves what is outside into view at the same scale', () => {
    const rect = { x: 5000, y: 100, width: 120, height: 60 };
    const camera = reveal({ x: 0, y: 0, scale: 1 }, rect, VIEWPORT);
    expect(camera.scale).toBe(1);
    expect(isInView(onScreen(camera, rect))).toBe(true);
  });

  test('zooms in where text would be too small', () => {
    const rect = { x: 5000, y: 100, width: 120, height: 60 };
    const camera = reveal({ x: 0, y: 0, scale: 0.05 }, rect, VIEWPORT);
    expect(camera.scale).toBeGreaterThanOrEqual(0.5);
    expect(isInView(onScreen(camera, rect))).toBe(true);
  });

  test('zooms out for what is larger than the view', () => {
    const rect = { x: 0, y: 0, width: 4000, height: 4000 };
    const camera = reveal({ x: 0, y: 0, scale: 1 }, rect, VIEWPORT);
    expect(isInView(onScreen(camera, rect))).toBe(true);
  });
});

describe('clamp', () => {
  const world = { x: 0, y: 0, width: 2000, height: 1000 };

  test('keeps some of the drawing in sight', () => {
    for (const camera of [
      { x: 1e6, y: 1e6, scale: 1 },
      { x: -1e6, y: -1e6, scale: 0.2 },
    ]) {
      const shown = onScreen(clamp(camera, world, VIEWPORT), world);
      expect(shown.x < VIEWPORT.width && shown.x + shown.width > 0).toBe(true);
      expect(shown.y < VIEWPORT.height && shown.y + shown.height > 0).toBe(true);
    }
  });

  test('leaves a camera alone that shows it', () => {
    const camera = fit(world, VIEWPORT);
    expect(clamp(camera, world, VIEWPORT)).toEqual(camera);
  });
});
