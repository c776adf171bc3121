import { expect, test } from 'vitest';
import { squarify, type Rect } from './squarify.ts';

const area = { x: 10, y: 20, width: 600, height: 400 };

function overlap(a: Rect, b: Rect): number {
  const side = (p: 'x' | 'y', d: 'width' | 'height'): number =>
    Math.max(0, Math.min(a[p] + a[d], b[p] + b[d]) - Math.max(a[p], b[p]));
  return side('x', 'width') * side('y', 'height');
}

test('areas are shares, nothing overlaps or lies outside', () => {
  const sizes = [6, 6, 4, 3, 2, 2, 1];
  const rects = squarify(sizes, area);
  expect(rects).toHaveLength(sizes.length);
  for (const [i, { x, y, width, height }] of rects.entries()) {
    expect(width * height).toBeCloseTo((sizes[i] / 24) * 600 * 400, 3);
    expect(x).toBeGreaterThanOrEqual(10 - 1e-9);
    expect(y).toBeGreaterThanOrEqual(20 - 1e-9);
    expect(x + width).toBeLessThanOrEqual(610 + 1e-6);
    expect(y + height).toBeLessThanOrEqual(420 + 1e-6);
    for (const other of rects.slice(i + 1)) expect(overlap(rects[i], other)).toBeLessThan(1e-6);
  }
});

test('the example of the paper comes out as there', () => {
  const rects = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  expect(rects[0]).toEqual({ x: 0, y: 0, width: 3, height: 2 });
  expect(rects[1]).toEqual({ x: 0, y: 2, width: 3, height: 2 });
  expect(rects[2].x).toBe(3);
});

test('equal sizes make near squares', () => {
  const rects = squarify(Array<number>(100).fill(1), { x: 0, y: 0, width: 500, height: 500 });
  for (const { width, height } of rects) expect(Math.max(width / height, height / width)).toBeLessThan(1.5);
});

test('nothing is nothing', () => {
  expect(squarify([], area)).toEqual([]);
});
