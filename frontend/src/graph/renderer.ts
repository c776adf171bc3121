/** Draws a scene on a canvas. What is out of sight or too small to see is not drawn. */
import type { Theme } from '../lib/palette.ts';
import type { Camera, Rect, Viewport } from './camera.ts';
import type { Drawing, Marks } from './drawing.ts';
import { paintBoxes } from './paint/boxes.ts';
import { Dots } from './paint/dots.ts';
import { Fitter } from './paint/fitter.ts';
import { flagsOf, type Flags } from './paint/flags.ts';
import { isHighlighted, type Frame } from './paint/frame.ts';
import { paintGroupNames, paintGroups } from './paint/groups.ts';
import { Labels, paintHighlightedLabels, paintLabels } from './paint/labels.ts';
import { paintLines } from './paint/lines.ts';
import { PLAIN, type Pen } from './paint/pen.ts';
import { paintRegions } from './paint/regions.ts';
import { boxesInSight, linesInSight, sightOf } from './paint/sight.ts';
import { paintStubs } from './paint/stubs.ts';
import type { Scene } from './scene.ts';

/** What is painted, and how. */
export interface Picture {
  drawing: Drawing;
  marks: Marks;
  theme: Theme;
  /** Whether lines are as wide as what they carry is large. */
  weighsLines: boolean;
}

/** Where one looks at it from, and on how many pixels. */
export interface View {
  camera: Camera;
  viewport: Viewport;
  pixelRatio: number;
}

export class Renderer {
  private readonly context: CanvasRenderingContext2D;
  private readonly painter: Painter;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('this browser has no 2D canvas');
    this.context = context;
    this.painter = new Painter(new Fitter(context), new Dots(context));
  }

  /** Draws what is seen from there, and a rubber band in CSS pixels. */
  draw(picture: Picture, view: View, band: Rect | null = null): void {
    this.clear(picture, view);
    this.painter.paint(this.context, picture, view);
    this.context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    if (band !== null) this.drawBand(band, picture.theme);
  }

  /** Draws boxes only: on a small map, lines and names would be all that one sees. */
  drawMap(picture: Picture, view: View): void {
    this.clear(picture, view);
    this.painter.paintMap(this.context, picture, view);
  }

  private clear({ theme }: Picture, { camera, pixelRatio }: View): void {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = theme.background;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const zoom = camera.scale * pixelRatio;
    context.setTransform(zoom, 0, 0, zoom, -camera.x * zoom, -camera.y * zoom);
  }

  private drawBand({ x, y, width, height }: Rect, theme: Theme): void {
    const { context } = this;
    context.fillStyle = theme.accentSoft;
    context.strokeStyle = theme.accent;
    context.lineWidth = 1;
    context.fillRect(x, y, width, height);
    context.strokeRect(x, y, width, height);
  }
}

/** Paints with any pen, in coordinates of the world. Remembers what the marks mean and where labels stand. */
export class Painter {
  private marks: Marks | null = null;
  private scene: Scene | null = null;
  private flags: Flags | null = null;
  private labels: Labels | null = null;

  constructor(
    private readonly fitter: Fitter,
    private readonly dots: Dots | null,
  ) {}

  paint(pen: Pen, picture: Picture, view: View): void {
    const frame = this.frame(pen, picture, view);
    paintGroups(frame);
    paintRegions(frame);
    paintLines(frame);
    paintLabels(frame);
    paintBoxes(frame);
    paintStubs(frame);
    paintGroupNames(frame);
    paintHighlightedLabels(frame);
  }

  paintMap(pen: Pen, picture: Picture, view: View): void {
    const frame = this.frame(pen, picture, view);
    paintGroups(frame);
    paintBoxes(frame);
  }

  private frame(pen: Pen, picture: Picture, { camera, viewport, pixelRatio }: View): Frame {
    const { drawing, marks } = picture;
    if (drawing.scene !== this.scene) this.labels = null;
    const flags = this.flagsOf(drawing.scene, marks);
    const sight = sightOf(camera, viewport, pixelRatio);
    const { hovered, hoveredLine } = marks;
    const lines = linesInSight(drawing.lineBounds, sight);
    return {
      ...picture,
      pen,
      flags,
      hovered,
      hoveredLine,
      sight,
      fitter: this.fitter,
      labels: (this.labels ??= new Labels(drawing.scene)),
      dots: sight.scale < PLAIN && this.dots?.begin() === true ? this.dots : null,
      ...boxesInSight(drawing.scene, sight),
      lines,
      highlighted: lines.filter((line) => isHighlighted({ drawing, flags, hovered, hoveredLine }, line)),
    };
  }

  private flagsOf(scene: Scene, marks: Marks): Flags {
    const before = this.marks;
    const isSame =
      scene === this.scene &&
      before?.selected === marks.selected &&
      before.tensors === marks.tensors &&
      before.matches === marks.matches &&
      before.traced === marks.traced;
    if (!isSame || this.flags === null) this.flags = flagsOf(scene, marks);
    this.scene = scene;
    this.marks = marks;
    return this.flags;
  }
}
