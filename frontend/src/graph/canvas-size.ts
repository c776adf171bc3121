/** Keeps a canvas as fine as the screen: its size in the page, and the pixels of the screen behind it. */
import type { Viewport } from './camera.ts';

/**
 * Calls back with the size in CSS pixels and the ratio of the screen's to these, now and whenever one of them changes:
 * also when the page is zoomed, or its window goes to another screen. Returns a function that stops it.
 */
export function watchCanvasSize(
  canvas: HTMLCanvasElement,
  onSize: (viewport: Viewport, pixelRatio: number) => void,
): () => void {
  const update = (): void => {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0 || height === 0) return; // a hidden tab has no size
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    onSize({ width, height }, ratio);
  };
  const resizes = new ResizeObserver(update);
  resizes.observe(canvas);
  const stopRatio = watchPixelRatio(update);
  update();
  return () => {
    resizes.disconnect();
    stopRatio();
  };
}

/** A media query holds for one ratio only, so each change asks for the next. */
function watchPixelRatio(onChange: () => void): () => void {
  const abort = new AbortController();
  const watch = (): void =>
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        onChange();
        watch();
      },
      { once: true, signal: abort.signal },
    );
  watch();
  return () => abort.abort();
}
