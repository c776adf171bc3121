/** The part of the world that is on the screen, and what of the scene lies in it. */
import type { Camera, Viewport } from '../camera.ts';
import { isOpen, type Scene } from '../scene.ts';

export interface Sight {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** CSS pixels per unit of the world. */
  scale: number;
  /** A pixel of the screen, in units of the world. */
  pixel: number;
}

export function sightOf(camera: Camera, viewport: Viewport, pixelRatio: number): Sight {
  return {
    left: camera.x,
    top: camera.y,
    right: camera.x + viewport.width / camera.scale,
    bottom: camera.y + viewport.height / camera.scale,
    scale: camera.scale,
    pixel: 1 / (camera.scale * pixelRatio),
  };
}

/** The boxes in sight: open ones, outer ones first, and the others. */
export function boxesInSight({ boxes }: Scene, sight: Sight): { open: Int32Array; closed: Int32Array } {
  const { kind, x, y, width, height } = boxes;
  const { left, top, right, bottom } = sight;
  const open: number[] = [];
  const closed = new Int32Array(x.length);
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const isSeen = x[i] <= right && y[i] <= bottom && x[i] + width[i] >= left && y[i] + height[i] >= top;
    if (!isSeen) continue;
    if (isOpen(kind[i])) open.push(i);
    else closed[count++] = i;
  }
  return { open: Int32Array.from(open), closed: closed.subarray(0, count) };
}

/** The lines whose bounds (left, top, right, bottom of line i at 4 i) are in sight. */
export function linesInSight(bounds: Float64Array, sight: Sight): Int32Array {
  const { left, top, right, bottom } = sight;
  const found = new Int32Array(bounds.length / 4);
  let count = 0;
  for (let i = 0, at = 0; at < bounds.length; i++, at += 4)
    if (bounds[at] <= right && bounds[at + 1] <= bottom && bounds[at + 2] >= left && bounds[at + 3] >= top)
      found[count++] = i;
  return found.subarray(0, count);
}
