/** The graph on its canvas: camera, gestures and the frame loop. Views give it scenes; it answers with what people do. */
import type { Theme } from '../lib/palette.ts';
import {
  bounds,
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
import { watchCanvasSize } from './canvas-size.ts';
import type { Drawing, Marks, Paint } from './drawing.ts';
import { attachGestures, type Point } from './gestures.ts';
import { boxAt, boxesIn, lineAt, NOTHING, stubAt, type Hit } from './hits.ts';
import { Motion } from './motion.ts';
import { TEXT } from './paint/pen.ts';
import { Renderer, type Picture, type View } from './renderer.ts';
import { isOpen } from './scene.ts';

export interface ControllerEvents {
  select: (box: number, extend: boolean) => void;
  /** A rubber band was drawn around boxes. */
  selectAll: (boxes: number[]) => void;
  selectLine: (line: number) => void;
  clear: () => void;
  /** A group was double-clicked, or any other box. */
  activate: (box: number) => void;
  stub: (stub: number) => void;
  hover: (hit: Hit, x: number, y: number) => void;
  /** Another part of the scene is on the screen. */
  moved: () => void;
  /** Called after the first complete frame of each scene. */
  drawn: () => void;
}

const NO_MARKS: Marks = {
  selected: new Set(),
  tensors: new Set(),
  hovered: -1,
  hoveredLine: -1,
  matches: null,
  traced: null,
};
/** How near to a line counts as at it, in pixels. */
const LINE_REACH = 5;

export class GraphController {
  private readonly renderer: Renderer;
  private readonly motion = new Motion();
  private readonly stops: (() => void)[];
  private drawing: Drawing | null = null;
  private marks: Marks = NO_MARKS;
  private weighsLines = false;
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  private viewport: Viewport = { width: 0, height: 0 };
  private pixelRatio = 1;
  private frame = 0;
  private isNew = false;
  private wantsFit = true;
  private band: Rect | null = null;
  private pointer: Point | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private theme: Theme,
    private readonly events: ControllerEvents,
  ) {
    this.renderer = new Renderer(canvas);
    this.stops = [
      watchCanvasSize(canvas, (viewport, pixelRatio) => this.resize(viewport, pixelRatio)),
      attachGestures(canvas, {
        pan: (dx, dy) => this.move(panBy(this.camera, dx, dy)),
        zoom: (factor, x, y) => this.move(zoomAt(this.camera, factor, x, y, this.leastScale())),
        hover: (x, y) => this.hoverAt(x, y),
        leave: () => this.leave(),
        click: (x, y, extend) => this.clickAt(x, y, extend),
        doubleClick: (x, y) => {
          const { box } = this.hit(x, y);
          if (box >= 0) events.activate(box);
        },
        band: (from, to) => this.setBand(from, to),
        bandEnd: (isWanted) => this.endBand(isWanted),
      }),
    ];
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.motion.stop();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
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

  setMarks(marks: Omit<Marks, 'hovered' | 'hoveredLine'>): void {
    const { hovered, hoveredLine } = this.marks;
    this.marks = { ...marks, hovered, hoveredLine };
    this.request();
  }

  setWeighsLines(weighsLines: boolean): void {
    this.weighsLines = weighsLines;
    this.request();
  }

  /**
   * Shows a scene. With an anchor, a box of the old scene and the same in the new, the new one is placed so that the
   * anchor stays where it is on the screen; without, the scene is fitted.
   */
  show(drawing: Drawing, anchor: { before: number; after: number } | null): void {
    const old = this.drawing;
    this.motion.stop();
    if (anchor !== null && old !== null) {
      const dx = drawing.scene.boxes.x[anchor.after] - old.scene.boxes.x[anchor.before];
      const dy = drawing.scene.boxes.y[anchor.after] - old.scene.boxes.y[anchor.before];
      this.camera = { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy };
    }
    this.drawing = drawing;
    this.marks = { ...NO_MARKS };
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

  /** What is shown, without what the pointer is at; null before there is anything. */
  get picture(): Picture | null {
    const { drawing, theme, weighsLines } = this;
    if (drawing === null) return null;
    return { drawing, marks: { ...this.marks, hovered: -1, hoveredLine: -1 }, theme, weighsLines };
  }

  /** The part of the world that is on the screen. */
  get window(): Rect {
    const { x, y, scale } = this.camera;
    return { x, y, width: this.viewport.width / scale, height: this.viewport.height / scale };
  }

  fitAll(moving = true): void {
    this.wantsFit = this.viewport.width === 0;
    if (this.drawing !== null) this.goTo(fit(this.world(), this.viewport), moving);
  }

  /** Shows some boxes as large as they fit. */
  fitBoxes(boxes: readonly number[]): void {
    const rects = boxes.map((box) => this.rectOf(box)).filter((rect) => rect !== null);
    if (rects.length > 0) this.goTo(fit(bounds(rects), this.viewport, MAX_SCALE / 2), true);
  }

  /** Shows all that is traced. */
  fitTraced(): void {
    const { drawing, marks } = this;
    if (drawing === null || marks.traced === null) return;
    const { kind } = drawing.scene.boxes;
    const boxes: number[] = [];
    marks.traced.boxes.forEach((is, box) => {
      if (is === 1 && !isOpen(kind[box])) boxes.push(box);
    });
    this.fitBoxes(boxes);
  }

  /** Actual size, around the middle of what is shown. */
  actualSize(): void {
    this.zoomBy(1 / this.camera.scale, false);
  }

  /** Zooms about the pointer where that is wanted and it is over the graph, else about the middle. */
  zoomBy(factor: number, aboutPointer: boolean): void {
    const { width, height } = this.viewport;
    const { x, y } = (aboutPointer ? this.pointer : null) ?? { x: width / 2, y: height / 2 };
    const wanted = zoomAt(this.camera, factor, x, y, this.leastScale());
    // About a point other than the middle the way there is not a zoom about it, so that is done at once.
    this.goTo(wanted, this.pointer === null || !aboutPointer);
  }

  panBy(dx: number, dy: number): void {
    this.move(panBy(this.camera, dx, dy));
  }

  /** Puts a point of the world into the middle. */
  centerOn(x: number, y: number): void {
    const { width, height } = this.window;
    this.move({ ...this.camera, x: x - width / 2, y: y - height / 2 });
  }

  /** Brings a box into view. */
  reveal(box: number): void {
    const rect = this.rectOf(box);
    if (rect !== null) this.goTo(reveal(this.camera, rect, this.viewport), true);
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
    if (moving) {
      this.motion.go(this.camera, camera, this.viewport, (step) => this.look(step));
      return;
    }
    this.motion.stop();
    this.look(camera);
  }

  private move(camera: Camera): void {
    this.motion.stop();
    this.look(clamp(camera, this.world(), this.viewport));
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.request();
  }

  private resize(viewport: Viewport, pixelRatio: number): void {
    this.viewport = viewport;
    this.pixelRatio = pixelRatio;
    if (this.wantsFit && this.drawing !== null) this.fitAll(false);
    this.draw(); // a canvas whose size was set is empty
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { drawing, marks, theme, weighsLines, camera, viewport, pixelRatio } = this;
    if (drawing === null || viewport.width === 0) return;
    const view: View = { camera, viewport, pixelRatio };
    this.renderer.draw({ drawing, marks, theme, weighsLines }, view, this.band);
    this.events.moved();
    if (!this.isNew) return;
    this.isNew = false;
    requestAnimationFrame(() => this.events.drawn());
  }

  private toWorld(x: number, y: number): [number, number] {
    return [this.camera.x + x / this.camera.scale, this.camera.y + y / this.camera.scale];
  }

  /** What is under a point of the canvas: a label first, then a closed box, a line, an open group. */
  private hit(x: number, y: number): Hit {
    const { drawing } = this;
    if (drawing === null) return NOTHING;
    const [worldX, worldY] = this.toWorld(x, y);
    const box = boxAt(drawing.scene, worldX, worldY);
    if (box >= 0 && !isOpen(drawing.scene.boxes.kind[box])) return { ...NOTHING, box };
    if (this.camera.scale < TEXT) return { ...NOTHING, box };
    const stub = stubAt(drawing.scene, worldX, worldY);
    if (stub >= 0) return { ...NOTHING, stub };
    const line = lineAt(drawing, worldX, worldY, LINE_REACH / this.camera.scale);
    return line >= 0 ? { ...NOTHING, line } : { ...NOTHING, box };
  }

  private hoverAt(x: number, y: number): void {
    this.pointer = { x, y };
    const hit = this.hit(x, y);
    const isFrame = hit.box >= 0 && isOpen(this.drawing!.scene.boxes.kind[hit.box]);
    this.setHovered(isFrame ? NOTHING : hit, x, y);
  }

  private leave(): void {
    this.pointer = null;
    this.setHovered(NOTHING, 0, 0);
  }

  private setHovered(hit: Hit, x: number, y: number): void {
    const isAny = hit.box >= 0 || hit.line >= 0 || hit.stub >= 0;
    this.canvas.style.cursor = isAny ? 'pointer' : 'default';
    this.events.hover(hit, x, y);
    if (hit.box === this.marks.hovered && hit.line === this.marks.hoveredLine) return;
    this.marks = { ...this.marks, hovered: hit.box, hoveredLine: hit.line };
    this.request();
  }

  private clickAt(x: number, y: number, extend: boolean): void {
    if (this.drawing === null) return;
    this.canvas.parentElement?.focus({ preventScroll: true });
    const { box, line, stub } = this.hit(x, y);
    if (stub >= 0) this.events.stub(stub);
    else if (line >= 0) this.events.selectLine(line);
    else if (box >= 0) this.events.select(box, extend);
    else if (!extend) this.events.clear();
  }

  private setBand(from: Point, to: Point): void {
    this.band = {
      x: Math.min(from.x, to.x),
      y: Math.min(from.y, to.y),
      width: Math.abs(from.x - to.x),
      height: Math.abs(from.y - to.y),
    };
    this.request();
  }

  private endBand(isWanted: boolean): void {
    const { band, drawing } = this;
    this.band = null;
    this.request();
    if (!isWanted || band === null || drawing === null) return;
    const { scale } = this.camera;
    const [x, y] = this.toWorld(band.x, band.y);
    const rect = { x, y, width: band.width / scale, height: band.height / scale };
    this.events.selectAll(boxesIn(drawing.scene, rect));
  }
}
