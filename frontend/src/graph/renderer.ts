/** Draws a scene on a canvas. What is out of sight or too small to see is not drawn. */
import type { Theme } from '../lib/palette.ts';
import { GROUP_HEADER, LINE, PADDING } from './boxes.ts';
import type { Camera, Viewport } from './camera.ts';
import { STUB_LENGTH, type Drawing, type Marks } from './drawing.ts';
import { BACKWARD } from './layout/layered.ts';
import { CLOSED_GROUP, OPEN_GROUP, OPERATOR } from './scene.ts';
import { traceLine, traceStraight } from './trace.ts';

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
/** Below these scales: no small text, no text in operators, straight lines and plain boxes. */
const SMALL_TEXT = 0.55;
const TEXT = 0.36;
const PLAIN = 0.2;
/** Room that a character of a figure takes, some more than it needs. */
const FIGURE_ADVANCE = 6.4;
/** Between the lines of what is hatched. */
const HATCH = 7;

export class Renderer {
  private readonly context: CanvasRenderingContext2D;
  private readonly fitted = new Map<string, string>();

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('this browser has no 2D canvas');
    this.context = context;
  }

  draw(
    drawing: Drawing,
    marks: Marks,
    camera: Camera,
    viewport: Viewport,
    pixelRatio: number,
    theme: Theme,
  ): void {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = theme.background;
    context.fillRect(0, 0, viewport.width * pixelRatio, viewport.height * pixelRatio);
    const zoom = camera.scale * pixelRatio;
    context.setTransform(zoom, 0, 0, zoom, -camera.x * zoom, -camera.y * zoom);
    const frame = new Frame(context, drawing, marks, camera, viewport, theme, this.fitted);
    frame.groups();
    frame.lines();
    frame.boxes();
    frame.stubs();
    frame.groupNames();
  }
}

/** One frame: the visible part of the world and the pens for it. */
class Frame {
  private readonly left: number;
  private readonly top: number;
  private readonly right: number;
  private readonly bottom: number;
  private readonly scale: number;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly drawing: Drawing,
    private readonly marks: Marks,
    camera: Camera,
    viewport: Viewport,
    private readonly theme: Theme,
    private readonly fitted: Map<string, string>,
  ) {
    this.scale = camera.scale;
    this.left = camera.x;
    this.top = camera.y;
    this.right = camera.x + viewport.width / camera.scale;
    this.bottom = camera.y + viewport.height / camera.scale;
  }

  groups(): void {
    const { context, drawing, theme } = this;
    const { boxes } = drawing.scene;
    context.lineWidth = 1 / this.scale;
    for (let i = 0; i < boxes.kind.length; i++) {
      if (boxes.kind[i] !== OPEN_GROUP || !this.visible(i)) continue;
      context.fillStyle = theme.group[this.depth(i) % 2];
      context.strokeStyle = theme.border;
      this.roundRect(i, 8);
      context.fill();
      context.stroke();
      if (this.marks.selected.has(i)) this.outline(i);
    }
  }

  lines(): void {
    const { context, theme, marks } = this;
    const { lines } = this.drawing.scene;
    context.lineWidth = Math.max(1.1 / this.scale, 0.6);
    context.strokeStyle = theme.line;
    context.lineJoin = 'round';
    const highlighted: number[] = [];
    context.beginPath();
    for (let i = 0; i < lines.from.length; i++) {
      if (!this.lineVisible(i)) continue;
      if (lines.state[i] === BACKWARD || this.touches(i, marks)) highlighted.push(i);
      else this.trace(i);
    }
    context.stroke();
    if (this.scale >= TEXT) this.arrowHeads(theme.line);
    for (const i of highlighted) this.highlight(i);
  }

  boxes(): void {
    const { boxes } = this.drawing.scene;
    if (this.scale < PLAIN) {
      this.plainBoxes();
      return;
    }
    for (let i = 0; i < boxes.kind.length; i++)
      if (boxes.kind[i] !== OPEN_GROUP && this.visible(i)) this.box(i);
  }

  stubs(): void {
    if (this.scale < TEXT) return;
    const { context, drawing, theme } = this;
    const { stubs } = drawing.scene;
    context.font = `10px ${FONT}`;
    context.textBaseline = 'middle';
    for (let i = 0; i < stubs.box.length; i++) {
      const x = stubs.x[i];
      const y = stubs.y[i];
      if (x < this.left - 200 || x > this.right + 20 || y < this.top - 20 || y > this.bottom + 20) continue;
      const up = stubs.arrives[i] === 1 ? -1 : 1;
      context.strokeStyle = theme.accent;
      context.fillStyle = theme.accent;
      context.lineWidth = 1.2;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x, y + up * STUB_LENGTH * 0.6);
      context.stroke();
      context.beginPath();
      context.arc(x, y + up * STUB_LENGTH * 0.75, 2.6, 0, 7);
      context.fill();
      if (this.scale < SMALL_TEXT) continue;
      context.fillStyle = theme.muted;
      context.fillText(this.fit(drawing.stubText(i), 120, '10px'), x + 6, y + up * STUB_LENGTH * 0.75);
    }
  }

  /** Names of open groups: in their header, or like a map's from far away. */
  groupNames(): void {
    const { context, drawing, theme } = this;
    const { boxes } = drawing.scene;
    const size = Math.max(12, 11 / this.scale);
    context.textBaseline = 'middle';
    for (let i = 0; i < boxes.kind.length; i++) {
      const isGroup = boxes.kind[i] === OPEN_GROUP || (boxes.kind[i] === CLOSED_GROUP && this.scale < TEXT);
      if (!isGroup || !this.visible(i)) continue;
      const room = boxes.width[i] - 2 * PADDING;
      if (room * this.scale < 60 || (boxes.kind[i] === CLOSED_GROUP && boxes.height[i] * this.scale < 14))
        continue;
      const { title, chip } = drawing.text(i);
      context.font = `600 ${size}px ${FONT}`;
      context.fillStyle = this.faded(i) ? theme.border : theme.text;
      const text = this.fit(chip === '' ? title : `${title}  ${chip}`, (room / size) * 12, '600 12px');
      context.fillText(text, boxes.x[i] + PADDING, boxes.y[i] + Math.max(GROUP_HEADER / 2, size * 0.75));
    }
  }

  private box(i: number): void {
    const { context, drawing, theme, marks } = this;
    const { boxes } = drawing.scene;
    const kind = boxes.kind[i];
    const swatch = drawing.paint.palette[drawing.paint.color[i]];
    context.globalAlpha = this.faded(i) ? 0.28 : 1;
    context.fillStyle = kind === OPERATOR ? swatch.tint : theme.surface;
    context.strokeStyle = kind === OPERATOR ? swatch.strong : theme.border;
    context.lineWidth = Math.max(1 / this.scale, 0.8);
    if (kind === CLOSED_GROUP) this.sheetBehind(i);
    this.roundRect(i, kind === OPERATOR || kind === CLOSED_GROUP ? 5 : 14);
    context.fill();
    context.stroke();
    if (kind === OPERATOR) {
      if (swatch.hatched === true) this.hatch(i, swatch.strong);
      context.fillStyle = swatch.strong;
      context.fillRect(boxes.x[i], boxes.y[i] + 4, 3.5, boxes.height[i] - 8);
    }
    if (kind === CLOSED_GROUP) this.strip(i);
    if (this.scale >= TEXT) this.boxText(i);
    if (marks.selected.has(i)) this.outline(i);
    else if (marks.hovered === i || (marks.matches?.has(i) ?? false)) {
      context.strokeStyle = marks.hovered === i ? theme.text : theme.match;
      context.lineWidth = Math.max(1.5 / this.scale, 1.2);
      this.roundRect(i, 5);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  private boxText(i: number): void {
    const { context, drawing, theme } = this;
    const { boxes } = drawing.scene;
    const { title, chip, lines } = drawing.text(i);
    const room = boxes.width[i] - 2 * PADDING;
    let y = boxes.y[i] + PADDING / 2 + LINE / 2;
    context.textBaseline = 'middle';
    if (title !== '') {
      context.font = `600 12px ${FONT}`;
      const chipWidth = chip === '' ? 0 : chip.length * 5.6 + 10;
      context.fillStyle = theme.text;
      context.fillText(this.fit(title, room - chipWidth, '600 12px'), boxes.x[i] + PADDING, y);
      if (chip !== '') this.chip(chip, boxes.x[i] + boxes.width[i] - PADDING, y, chipWidth - 4);
      y += LINE;
    }
    if (this.scale < SMALL_TEXT) return;
    context.font = `11px ${FONT}`;
    context.fillStyle = theme.muted;
    const figure = boxes.kind[i] === CLOSED_GROUP ? drawing.paint.figure(i) : '';
    if (figure !== '') {
      context.textAlign = 'right';
      context.fillText(figure, boxes.x[i] + boxes.width[i] - PADDING, y);
      context.textAlign = 'left';
    }
    for (const line of lines) {
      const left = line === lines[0] && figure !== '' ? room - figure.length * FIGURE_ADVANCE : room;
      context.fillText(this.fit(line, left, '11px'), boxes.x[i] + PADDING, y);
      y += LINE;
    }
  }

  private chip(text: string, right: number, y: number, width: number): void {
    const { context, theme } = this;
    context.fillStyle = theme.dark ? 'rgba(255,255,255,0.12)' : 'rgba(20,30,50,0.09)';
    context.beginPath();
    context.roundRect(right - width, y - 6.5, width, 13, 6);
    context.fill();
    if (this.scale < SMALL_TEXT) return;
    context.font = `600 9px ${FONT}`;
    context.fillStyle = theme.muted;
    context.textAlign = 'center';
    context.fillText(text, right - width / 2, y + 0.5);
    context.textAlign = 'left';
  }

  private hatch(i: number, color: string): void {
    const { context } = this;
    const { boxes } = this.drawing.scene;
    const [x, y, width, height] = [boxes.x[i], boxes.y[i], boxes.width[i], boxes.height[i]];
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.beginPath();
    for (let at = HATCH; at < width + height; at += HATCH) {
      context.moveTo(x + at, y);
      context.lineTo(x + at - height, y + height);
    }
    context.globalAlpha *= 0.25;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.stroke();
    context.restore();
  }

  /** The edge of a second sheet: this box holds more. */
  private sheetBehind(i: number): void {
    const { context } = this;
    const { boxes } = this.drawing.scene;
    context.beginPath();
    context.roundRect(boxes.x[i] + 3, boxes.y[i] + 3, boxes.width[i], boxes.height[i], 5);
    context.fill();
    context.stroke();
  }

  private strip(i: number): void {
    const { context, drawing } = this;
    const { boxes } = drawing.scene;
    let x = boxes.x[i] + PADDING;
    const width = boxes.width[i] - 2 * PADDING;
    for (const { color, share } of drawing.paint.strip(i)) {
      context.fillStyle = drawing.paint.palette[color].strong;
      context.fillRect(x, boxes.y[i] + boxes.height[i] - 11, Math.max(width * share - 1, 0.5), 5);
      x += width * share;
    }
  }

  /** Far away: one rectangle a box, one path a colour. */
  private plainBoxes(): void {
    const { context, drawing, theme, marks } = this;
    const { boxes } = drawing.scene;
    const byColor = new Map<number, number[]>();
    const selected: number[] = [];
    for (let i = 0; i < boxes.kind.length; i++) {
      if (boxes.kind[i] === OPEN_GROUP || !this.visible(i)) continue;
      const color = boxes.kind[i] === OPERATOR ? drawing.paint.color[i] : -1;
      const key = this.faded(i) ? color - 1000 : color;
      const list = byColor.get(key);
      if (list === undefined) byColor.set(key, [i]);
      else list.push(i);
      if (marks.selected.has(i)) selected.push(i);
    }
    for (const [key, list] of byColor) {
      const color = key < -1 ? key + 1000 : key;
      context.globalAlpha = key < -1 ? 0.2 : 1;
      context.fillStyle = color < 0 ? theme.line : drawing.paint.palette[color].strong;
      context.beginPath();
      for (const i of list) context.rect(boxes.x[i], boxes.y[i], boxes.width[i], boxes.height[i]);
      context.fill();
    }
    context.globalAlpha = 1;
    for (const i of list(boxes.kind, CLOSED_GROUP)) if (this.visible(i)) this.stripFill(i);
    for (const i of selected) this.outline(i);
  }

  private stripFill(i: number): void {
    const { context, drawing } = this;
    const { boxes } = drawing.scene;
    let x = boxes.x[i];
    for (const { color, share } of drawing.paint.strip(i)) {
      context.fillStyle = drawing.paint.palette[color].strong;
      context.fillRect(x, boxes.y[i], boxes.width[i] * share, boxes.height[i]);
      x += boxes.width[i] * share;
    }
  }

  private outline(i: number): void {
    const { context, theme } = this;
    context.strokeStyle = theme.accent;
    context.lineWidth = Math.max(2.5 / this.scale, 1.5);
    this.roundRect(i, 6);
    context.stroke();
  }

  private highlight(i: number): void {
    const { context, theme } = this;
    const { lines } = this.drawing.scene;
    const touched = this.touches(i, this.marks);
    context.strokeStyle = touched ? theme.accent : theme.line;
    context.lineWidth = Math.max((touched ? 2 : 1.1) / this.scale, touched ? 1.2 : 0.6);
    if (lines.state[i] === BACKWARD) context.setLineDash([6, 4]);
    context.beginPath();
    this.trace(i);
    context.stroke();
    context.setLineDash([]);
    if (this.scale >= TEXT) this.arrowHead(i, touched ? theme.accent : theme.line);
  }

  private arrowHeads(color: string): void {
    const { lines } = this.drawing.scene;
    for (let i = 0; i < lines.from.length; i++) if (this.lineVisible(i)) this.arrowHead(i, color);
  }

  private arrowHead(i: number, color: string): void {
    const { context } = this;
    const { lines, boxes } = this.drawing.scene;
    if (boxes.kind[lines.to[i]] === OPEN_GROUP) return; // it goes on inside
    const end = lines.offsets[i + 1];
    const x = lines.points[end - 2];
    const y = lines.points[end - 1];
    const down = lines.points[end - 3] <= y ? 1 : -1;
    context.fillStyle = color;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - 3.5, y - 7 * down);
    context.lineTo(x + 3.5, y - 7 * down);
    context.fill();
  }

  private trace(i: number): void {
    const { lines } = this.drawing.scene;
    const draw = this.scale < PLAIN ? traceStraight : traceLine;
    draw(this.context, lines.points, lines.offsets[i], lines.offsets[i + 1]);
  }

  private roundRect(i: number, radius: number): void {
    const { boxes } = this.drawing.scene;
    this.context.beginPath();
    this.context.roundRect(boxes.x[i], boxes.y[i], boxes.width[i], boxes.height[i], radius);
  }

  private touches(i: number, marks: Marks): boolean {
    const { lines } = this.drawing.scene;
    if (lines.from[i] === marks.hovered || lines.to[i] === marks.hovered) return true;
    return marks.selected.has(lines.from[i]) || marks.selected.has(lines.to[i]);
  }

  private faded(i: number): boolean {
    const { matches } = this.marks;
    return matches !== null && !matches.has(i);
  }

  private depth(i: number): number {
    const { parent } = this.drawing.scene.boxes;
    let depth = 0;
    for (let box = parent[i]; box >= 0; box = parent[box]) depth++;
    return depth;
  }

  private visible(i: number): boolean {
    const { boxes } = this.drawing.scene;
    return (
      boxes.x[i] <= this.right &&
      boxes.y[i] <= this.bottom &&
      boxes.x[i] + boxes.width[i] >= this.left &&
      boxes.y[i] + boxes.height[i] >= this.top
    );
  }

  private lineVisible(i: number): boolean {
    const { lineBounds: bounds } = this.drawing;
    return (
      bounds[4 * i] <= this.right &&
      bounds[4 * i + 1] <= this.bottom &&
      bounds[4 * i + 2] >= this.left &&
      bounds[4 * i + 3] >= this.top
    );
  }

  /** The text, shortened to a width at the font's own size; measured once. */
  private fit(text: string, width: number, font: string): string {
    const key = `${font}|${Math.floor(width)}|${text}`;
    let short = this.fitted.get(key);
    if (short === undefined) {
      if (this.fitted.size > 20_000) this.fitted.clear();
      const before = this.context.font;
      this.context.font = `${font} ${FONT}`;
      short = shorten(text, width, (part) => this.context.measureText(part).width);
      this.context.font = before;
      this.fitted.set(key, short);
    }
    return short;
  }
}

function* list(kinds: Uint8Array, wanted: number): Generator<number> {
  for (let i = 0; i < kinds.length; i++) if (kinds[i] === wanted) yield i;
}

/** The longest start of a text that fits, with an ellipsis when it is not all. */
export function shorten(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${text.slice(0, middle)}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}
