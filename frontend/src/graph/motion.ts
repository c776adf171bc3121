/** Takes the camera from one place to another in a short time; at once where people prefer that. */
import type { Camera, Viewport } from './camera.ts';

const MOTION_MS = 140;

export class Motion {
  private frame = 0;

  /** Calls back with every camera on the way, in frames; the last one is the one wanted. */
  go(from: Camera, to: Camera, viewport: Viewport, onStep: (camera: Camera) => void): void {
    this.stop();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      onStep(to);
      return;
    }
    const start = performance.now();
    const step = (now: number): void => {
      const t = Math.min(1, Math.max(0, now - start) / MOTION_MS);
      if (t < 1) this.frame = requestAnimationFrame(step);
      onStep(t < 1 ? between(from, to, 1 - (1 - t) ** 3, viewport) : to);
    };
    this.frame = requestAnimationFrame(step);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }
}

/** Part of the way between two cameras, zooming about the middle of the screen. */
export function between(a: Camera, b: Camera, t: number, viewport: Viewport): Camera {
  const scale = Math.exp(Math.log(a.scale) * (1 - t) + Math.log(b.scale) * t);
  const middle = (camera: Camera): [number, number] => [
    camera.x + viewport.width / 2 / camera.scale,
    camera.y + viewport.height / 2 / camera.scale,
  ];
  const [ax, ay] = middle(a);
  const [bx, by] = middle(b);
  return {
    scale,
    x: ax * (1 - t) + bx * t - viewport.width / 2 / scale,
    y: ay * (1 - t) + by * t - viewport.height / 2 / scale,
  };
}
