/**
 * Boxes seen from far away, written into pixels by hand. As rectangles of a path, 10,000 of them take a canvas without
 * a graphics card 8 ms and 50,000 take 54 (Chromium 156); this way they take 1 and 3.
 */
import type { Scene } from '../scene.ts';
import type { Sight } from './sight.ts';

/** Larger canvases are for files, which may take their time but not that memory again. */
const MOST_PIXELS = 2 ** 24;

export class Dots {
  private readonly layer: CanvasRenderingContext2D;
  private readonly colors = new Map<string, number>();
  private image: ImageData | null = null;
  private pixels = new Uint32Array();

  constructor(private readonly target: CanvasRenderingContext2D) {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser has no 2D canvas');
    this.layer = context;
  }

  /** Whether the canvas is one for it; if so, it is empty now. */
  begin(): boolean {
    const { width, height } = this.target.canvas;
    if (width * height > MOST_PIXELS) return false;
    if (this.image?.width !== width || this.image.height !== height) {
      this.layer.canvas.width = width;
      this.layer.canvas.height = height;
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(0);
    return true;
  }

  add(boxes: Scene['boxes'], ids: Int32Array, sight: Sight, color: string, alpha: number): void {
    if (this.image === null) return;
    const { width, height } = this.image;
    fillRects({ pixels: this.pixels, width, height }, boxes, ids, sight, this.pixelOf(color, alpha));
  }

  /** Over what is on the canvas already. */
  show(): void {
    if (this.image === null) return;
    this.layer.putImageData(this.image, 0, 0);
    this.target.save();
    this.target.globalAlpha = 1;
    this.target.setTransform(1, 0, 0, 1, 0, 0);
    this.target.drawImage(this.layer.canvas, 0, 0);
    this.target.restore();
  }

  /** A colour as the bytes of a pixel. The browser reads it, whatever it is written as. */
  private pixelOf(color: string, alpha: number): number {
    let pixel = this.colors.get(color);
    if (pixel === undefined) {
      this.layer.fillStyle = color;
      this.layer.fillRect(0, 0, 1, 1);
      pixel = new Uint32Array(this.layer.getImageData(0, 0, 1, 1).data.buffer)[0];
      this.colors.set(color, pixel);
    }
    const bytes = new Uint8Array(Uint32Array.of(pixel).buffer);
    bytes[3] = Math.round(255 * alpha);
    return new Uint32Array(bytes.buffer)[0];
  }
}

export interface Bitmap {
  pixels: Uint32Array;
  width: number;
  height: number;
}

/** Fills the pixels of boxes; each has one at least, so that nothing is too small to be seen. */
export function fillRects(
  { pixels, width, height }: Bitmap,
  boxes: Scene['boxes'],
  ids: Int32Array,
  { left, top, pixel }: Pick<Sight, 'left' | 'top' | 'pixel'>,
  value: number,
): void {
  for (const box of ids) {
    const x = Math.round((boxes.x[box] - left) / pixel);
    const y = Math.round((boxes.y[box] - top) / pixel);
    const right = Math.min(
      width,
      Math.max(x + 1, Math.round((boxes.x[box] + boxes.width[box] - left) / pixel)),
    );
    const foot = Math.min(
      height,
      Math.max(y + 1, Math.round((boxes.y[box] + boxes.height[box] - top) / pixel)),
    );
    const from = Math.max(0, x);
    if (from >= right) continue;
    for (let row = Math.max(0, y); row < foot; row++)
      pixels.fill(value, row * width + from, row * width + right);
  }
}
