/** Where the parts of a scene lie on a small map of it. */
import type { Camera, Rect, Viewport } from './camera.ts';

/** The largest that a map may be, in CSS pixels. */
const MOST: Viewport = { width: 180, height: 130 };

export interface MapGeometry extends Viewport {
  /** CSS pixels per unit of the world. */
  scale: number;
}

export function mapOf(world: Viewport): MapGeometry {
  const scale = Math.min(MOST.width / Math.max(world.width, 1), MOST.height / Math.max(world.height, 1));
  return {
    scale,
    width: Math.max(24, Math.round(world.width * scale)),
    height: Math.max(24, Math.round(world.height * scale)),
  };
}

/** The camera that shows the world on the map. */
export function mapCamera({ scale }: MapGeometry): Camera {
  return { x: 0, y: 0, scale };
}

/** What is on the screen, as a rectangle on the map, cut off at its edges. */
export function windowOnMap({ scale, width, height }: MapGeometry, window: Rect): Rect {
  const left = clamped(window.x * scale, width);
  const top = clamped(window.y * scale, height);
  return {
    x: left,
    y: top,
    width: clamped((window.x + window.width) * scale, width) - left,
    height: clamped((window.y + window.height) * scale, height) - top,
  };
}

/** Whether all of the world is on the screen, so that a map says nothing. */
export function isAllInView(world: Viewport, window: Rect): boolean {
  return (
    window.x <= 0 &&
    window.y <= 0 &&
    window.x + window.width >= world.width &&
    window.y + window.height >= world.height
  );
}

function clamped(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
