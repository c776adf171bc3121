/** Pictures of the whole scene, whatever part of it is on the screen. */
import type { Viewport } from './camera.ts';
import { Fitter } from './paint/fitter.ts';
import { FONT } from './paint/pen.ts';
import { SvgPen } from './paint/svg-pen.ts';
import { Painter, Renderer, type Picture, type View } from './renderer.ts';

const MARGIN = 24;
/** Pixels per unit of the world, where there may be so many. */
const DENSITY = 2;
/** The largest canvases that all browsers have: 16,384 pixels long (Safari), 2^26 in all (Safari on a desktop). */
const MOST_LONG = 16_384;
const MOST_PIXELS = 2 ** 26;

/** The scene as an SVG file, texts as texts. */
export function svgOf(picture: Picture, title: string): string {
  const { width, height } = sizeOf(picture);
  const pen = new SvgPen();
  new Painter(fitter(), null).paint(pen, picture, {
    camera: { x: -MARGIN, y: -MARGIN, scale: 1 },
    viewport: { width, height },
    pixelRatio: 1,
  });
  return pen.document(title, width, height, picture.theme.background, FONT);
}

export interface Raster {
  blob: Blob;
  /** Pixels per unit of the world; less than wanted where the scene is too large for a canvas. */
  density: number;
  isReduced: boolean;
}

/** The scene as a PNG file, as dense as a canvas can be large. */
export async function pngOf(picture: Picture): Promise<Raster> {
  const size = sizeOf(picture);
  const density = densityFor(size);
  const canvas = document.createElement('canvas');
  canvas.width = Math.floor(size.width * density);
  canvas.height = Math.floor(size.height * density);
  const view: View = {
    // The density is the scale of the view, so that as much detail is painted as can be seen.
    camera: { x: -MARGIN, y: -MARGIN, scale: density },
    viewport: { width: canvas.width, height: canvas.height },
    pixelRatio: 1,
  };
  new Renderer(canvas).draw(picture, view);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('this browser has no memory for the picture; SVG has no such limit');
  return { blob, density, isReduced: density < DENSITY };
}

export function densityFor({ width, height }: Viewport): number {
  return Math.min(DENSITY, MOST_LONG / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
}

function sizeOf({ drawing: { scene } }: Picture): Viewport {
  return { width: scene.width + 2 * MARGIN, height: scene.height + 2 * MARGIN };
}

function fitter(): Fitter {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas');
  return new Fitter(context);
}
