/** Where the page looks: screen = (world - origin) × scale. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Viewport {
  width: number;
  height: number;
}

export const MAX_SCALE = 4;
const MARGIN = 32;
/** Room above: the bar with the traces lies there. */
const MARGIN_ABOVE = 52;
/** Fitting never enlarges: a graph of three boxes is shown at its own size. */
const FIT_AT_MOST = 1;

/** The camera that shows a rectangle whole, in the middle of what is free. */
export function fit(rect: Rect, viewport: Viewport, atMost = FIT_AT_MOST): Camera {
  const scale = Math.min(
    atMost,
    (viewport.width - 2 * MARGIN) / Math.max(rect.width, 1),
    (viewport.height - MARGIN_ABOVE - MARGIN) / Math.max(rect.height, 1),
  );
  const positive = Math.max(scale, 1e-6);
  return {
    scale: positive,
    x: rect.x + rect.width / 2 - viewport.width / 2 / positive,
    y: rect.y + rect.height / 2 - (MARGIN_ABOVE + viewport.height - MARGIN) / 2 / positive,
  };
}

/** The smallest rectangle around some. */
export function bounds(rects: readonly Rect[]): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Zooms by a factor with the world point under (screenX, screenY) staying where it is. */
export function zoomAt(
  camera: Camera,
  factor: number,
  screenX: number,
  screenY: number,
  least: number,
): Camera {
  const scale = Math.min(MAX_SCALE, Math.max(least, camera.scale * factor));
  return {
    scale,
    x: camera.x + screenX / camera.scale - screenX / scale,
    y: camera.y + screenY / camera.scale - screenY / scale,
  };
}

export function panBy(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx / camera.scale, y: camera.y + dy / camera.scale };
}

/** Moves the camera just so far that a rectangle is in view, zooming in where its text would be too small to read. */
export function reveal(camera: Camera, rect: Rect, viewport: Viewport): Camera {
  const readable = 0.8;
  const fits = rect.width * camera.scale < viewport.width && rect.height * camera.scale < viewport.height;
  const inside =
    rect.x >= camera.x &&
    rect.y >= camera.y &&
    rect.x + rect.width <= camera.x + viewport.width / camera.scale &&
    rect.y + rect.height <= camera.y + viewport.height / camera.scale;
  if (inside && fits && camera.scale >= readable / 2) return camera;
  const wanted = fit(rect, viewport, Math.max(camera.scale, readable));
  return wanted.scale > camera.scale && camera.scale >= readable / 2
    ? { ...fit(rect, viewport, camera.scale) }
    : wanted;
}

/** Keeps some of the drawing in sight. */
export function clamp(camera: Camera, world: Rect, viewport: Viewport): Camera {
  const marginX = Math.min(viewport.width / camera.scale, world.width) * 0.25 + 40 / camera.scale;
  const marginY = Math.min(viewport.height / camera.scale, world.height) * 0.25 + 40 / camera.scale;
  const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  return {
    scale: camera.scale,
    x: between(camera.x, world.x + marginX - viewport.width / camera.scale, world.x + world.width - marginX),
    y: between(
      camera.y,
      world.y + marginY - viewport.height / camera.scale,
      world.y + world.height - marginY,
    ),
  };
}
