/** What is at a place of the world, or in a part of it. */
import type { Rect } from './camera.ts';
import { STUB_LENGTH, type Drawing } from './drawing.ts';
import { isOpen, type Scene } from './scene.ts';
import { distanceToLine } from './trace.ts';

/** What the pointer is at: at most one of them is not -1. */
export interface Hit {
  box: number;
  line: number;
  stub: number;
}

export const NOTHING: Hit = { box: -1, line: -1, stub: -1 };

/** The innermost box at a point of the world, -1 for none. Boxes come parents first, so the last hit is innermost. */
export function boxAt({ boxes }: Scene, x: number, y: number): number {
  for (let i = boxes.kind.length - 1; i >= 0; i--)
    if (
      x >= boxes.x[i] &&
      x <= boxes.x[i] + boxes.width[i] &&
      y >= boxes.y[i] &&
      y <= boxes.y[i] + boxes.height[i]
    )
      return i;
  return -1;
}

/** The stub whose label is at a point of the world, -1 for none. */
export function stubAt({ stubs }: Scene, x: number, y: number): number {
  for (let i = 0; i < stubs.box.length; i++) {
    const dy = stubs.arrives[i] === 1 ? stubs.y[i] - y : y - stubs.y[i];
    if (dy >= 0 && dy <= STUB_LENGTH + 4 && Math.abs(x - stubs.x[i]) <= 8) return i;
  }
  return -1;
}

/** The line nearest to a point of the world within a reach, -1 for none. */
export function lineAt({ scene, lineBounds }: Drawing, x: number, y: number, reach: number): number {
  const { points, offsets } = scene.lines;
  let best = -1;
  let least = reach;
  for (let i = 0, at = 0; at < lineBounds.length; i++, at += 4) {
    if (lineBounds[at] > x + reach || lineBounds[at + 2] < x - reach) continue;
    if (lineBounds[at + 1] > y + reach || lineBounds[at + 3] < y - reach) continue;
    const distance = distanceToLine(points, offsets[i], offsets[i + 1], x, y);
    if (distance > least) continue;
    least = distance;
    best = i;
  }
  return best;
}

/** The closed boxes that a rectangle touches. */
export function boxesIn({ boxes }: Scene, rect: Rect): number[] {
  const found: number[] = [];
  for (let i = 0; i < boxes.kind.length; i++)
    if (
      !isOpen(boxes.kind[i]) &&
      boxes.x[i] <= rect.x + rect.width &&
      boxes.y[i] <= rect.y + rect.height &&
      boxes.x[i] + boxes.width[i] >= rect.x &&
      boxes.y[i] + boxes.height[i] >= rect.y
    )
      found.push(i);
  return found;
}
