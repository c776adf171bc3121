/** The graph on its canvas: camera, gestures, keys and the frame loop. Views give it scenes; it answers with actions. */
import type { Theme } from '../lib/palette.ts';
import {
  clamp,
  fit,
  MAX_SCALE,
  panBy,
  reveal,
  zoomAt,
  type Camera,
  type Rect,
  type Viewport,
} from './camera.ts';
import { boxAt, stubAt, type Drawing, type Marks, type Paint } from './drawing.ts';
import { attachGestures } from './gestures.ts';
import { Renderer } from './renderer.ts';
import { CLOSED_GROUP, OPEN_GROUP } from './scene.ts';

export interface ControllerEvents {
  select: (box: number, extend: boolean) => void;
  clear: () => void;
  /** A group was double-clicked, or any other box. */
  activate: (box: number) => void;
  stub: (stub: number) => void;
  hover: (box: number, x: number, y: number) => void;
  /** Called after the first complete frame of each scene. */
  drawn: () => void;
}

const MOTION_MS = 140;
const NO_MARKS: Marks = { selected: new Set(), hovered: -1, matches: null };

export class GraphController {
  private readonly renderer: Renderer;
  private readonly detach: () => void;
  private readonly resizes: ResizeObserver;
  private drawing: Drawing | null = null;
  private marks: Marks = NO_MARKS;
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  private viewport: Viewport = { width: 0, height: 0 };
  private frame = 0;
  private motion = 0;
  private isNew = false;
  private wantsFit = true;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private theme: Theme,
    private readonly events: ControllerEvents,
  ) {
    this.renderer = new Renderer(canvas);
    this.resizes = new ResizeObserver(() => this.resize());
    this.resizes.observe(canvas);
    this.detach = attachGestures(canvas, {
      pan: (dx, dy) => this.move(panBy(this.camera, dx, dy)),
      zoom: (factor, x, y) => this.move(zoomAt(this.camera, factor, x, y, this.leastScale())),
      hover: (x, y) => this.hoverAt(x, y),
      leave: () => this.setHovered(-1, 0, 0),
      click: (x, y, extend) => this.clickAt(x, y, extend),
      doubleClick: (x, y) => {
        const box = this.boxUnder(x, y);
        if (box >= 0) events.activate(box);
      },
    });
    this.resize();
  }

  dispose(): void {
    this.detach();
    this.resizes.disconnect();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.motion);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.request();
  }

  /** Colours the boxes that are shown anew. */
  setPaint(paint: Paint): void {
    if (this.drawing === null) return;
    this.drawing = { ...this.drawing, paint };
    this.request();
  }

  setMarks(marks: Omit<Marks, 'hovered'>): void {
    this.marks = { ...marks, hovered: this.marks.hovered };
    this.request();
  }

  /**
   * Shows a scene. With an anchor, a box of the old scene and the same in the new, the new one is placed so that the
   * anchor stays where it is on the screen; without, the scene is fitted.
   */
  show(drawing: Drawing, anchor: { before: number; after: number } | null): void {
    const old = this.drawing;
    cancelAnimationFrame(this.motion);
    if (anchor !== null && old !== null) {
      const dx = drawing.scene.boxes.x[anchor.after] - old.scene.boxes.x[anchor.before];
      const dy = drawing.scene.boxes.y[anchor.after] - old.scene.boxes.y[anchor.before];
      this.camera = { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy };
    }
    this.drawing = drawing;
    this.marks = { ...this.marks, hovered: -1 };
    this.isNew = true;
    if (anchor === null) this.fitAll(false);
    else this.request();
  }

  get scene(): Drawing['scene'] | null {
    return this.drawing?.scene ?? null;
  }

  get zoom(): number {
    return this.camera.scale;
  }

  fitAll(moving = true): void {
    this.wantsFit = this.viewport.width === 0;
    if (this.drawing !== null) this.goTo(fit(this.world(), this.viewport), moving);
  }

  /** Actual size, around the middle of what is shown. */
  actualSize(): void {
    const { width, height } = this.viewport;
    this.goTo(zoomAt(this.camera, 1 / this.camera.scale, width / 2, height / 2, this.leastScale()), true);
  }

  zoomBy(factor: number): void {
    const { width, height } = this.viewport;
    this.goTo(zoomAt(this.camera, factor, width / 2, height / 2, this.leastScale()), true);
  }

  panBy(dx: number, dy: number): void {
    this.move(panBy(this.camera, dx, dy));
  }

  /** Brings a box into view. */
  reveal(box: number): void {
    const rect = this.rectOf(box);
    if (rect !== null) this.goTo(reveal(this.camera, rect, this.viewport), true);
  }

  fitBox(box: number): void {
    const rect = this.rectOf(box);
    if (rect !== null) this.goTo(fit(rect, this.viewport, MAX_SCALE / 2), true);
  }

  /** Where a box is on the canvas, in CSS pixels; null when the scene does not have it. */
  onScreen(box: number): Rect | null {
    const rect = this.rectOf(box);
    if (rect === null) return null;
    const { x, y, scale } = this.camera;
    return {
      x: (rect.x - x) * scale,
      y: (rect.y - y) * scale,
      width: rect.width * scale,
      height: rect.height * scale,
    };
  }

  private rectOf(box: number): Rect | null {
    const boxes = this.drawing?.scene.boxes;
    if (boxes === undefined || box < 0) return null;
    return { x: boxes.x[box], y: boxes.y[box], width: boxes.width[box], height: boxes.height[box] };
  }

  private world(): Rect {
    return { x: 0, y: 0, width: this.drawing?.scene.width ?? 1, height: this.drawing?.scene.height ?? 1 };
  }

  private leastScale(): number {
    return Math.min(0.5, fit(this.world(), this.viewport).scale) * 0.7;
  }

  private goTo(camera: Camera, moving: boolean): void {
    cancelAnimationFrame(this.motion);
    if (!moving || matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.camera = camera;
      this.request();
      return;
    }
    const from = this.camera;
    const start = performance.now();
    const step = (now: number): void => {
      const t = Math.min(1, (now - start) / MOTION_MS);
      const eased = 1 - (1 - t) ** 3;
      this.camera = between(from, camera, eased, this.viewport);
      this.draw();
      if (t < 1) this.motion = requestAnimationFrame(step);
    };
    this.motion = requestAnimationFrame(step);
  }

  private move(camera: Camera): void {
    cancelAnimationFrame(this.motion);
    this.camera = clamp(camera, this.world(), this.viewport);
    this.request();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return; // a hidden tab has no size
    const ratio = devicePixelRatio;
    this.viewport = { width, height };
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (this.wantsFit && this.drawing !== null) this.fitAll(false);
    this.draw();
  }

  private request(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    if (this.drawing === null || this.viewport.width === 0) return;
    const { camera, viewport, theme } = this;
    this.renderer.draw(this.drawing, this.marks, camera, viewport, devicePixelRatio, theme);
    if (!this.isNew) return;
    this.isNew = false;
    requestAnimationFrame(() => this.events.drawn());
  }

  private toWorld(x: number, y: number): [number, number] {
    return [this.camera.x + x / this.camera.scale, this.camera.y + y / this.camera.scale];
  }

  private boxUnder(x: number, y: number): number {
    return this.drawing === null ? -1 : boxAt(this.drawing.scene, ...this.toWorld(x, y));
  }

  private hoverAt(x: number, y: number): void {
    const box = this.boxUnder(x, y);
    this.setHovered(box, x, y);
  }

  private setHovered(box: number, x: number, y: number): void {
    const isOpen = box >= 0 && this.drawing?.scene.boxes.kind[box] === OPEN_GROUP;
    const hovered = isOpen ? -1 : box;
    this.canvas.style.cursor = box >= 0 && !isOpen ? 'pointer' : 'default';
    this.events.hover(hovered, x, y);
    if (hovered === this.marks.hovered) return;
    this.marks = { ...this.marks, hovered };
    this.request();
  }

  private clickAt(x: number, y: number, extend: boolean): void {
    if (this.drawing === null) return;
    this.canvas.parentElement?.focus({ preventScroll: true });
    const stub = stubAt(this.drawing.scene, ...this.toWorld(x, y));
    const box = this.boxUnder(x, y);
    const innermost = box >= 0 ? this.drawing.scene.boxes.kind[box] : CLOSED_GROUP;
    if (stub >= 0 && (box < 0 || innermost === OPEN_GROUP)) this.events.stub(stub);
    else if (box >= 0) this.events.select(box, extend);
    else this.events.clear();
  }
}

/** Part of the way between two cameras, zooming about the middle of the screen. */
function between(a: Camera, b: Camera, t: number, viewport: Viewport): Camera {
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
