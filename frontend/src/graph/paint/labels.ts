/** Data type and shape at lines: where there is room for it, and at those that are looked at in any case. */
import type { Scene } from '../scene.ts';
import { STUB_LENGTH } from '../drawing.ts';
import { FADED, LABELLED } from './flags.ts';
import type { Frame } from './frame.ts';
import { FONT, LABELS } from './pen.ts';
import { STUB_LABEL } from './stubs.ts';

const FONT_SIZE = '10px';
/** Of a label in its own size. */
const HEIGHT = 13;
const MARGIN = 4;
/** Nearer than this, a second label of the same tensor says nothing new. */
const SAME_TENSOR = 240;
/** More labels than this at what is looked at would hide it. */
const MOST = 60;

/** A label by its middle. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where the labels of a scene stand. Each keeps its place, so that labels do not come and go while one moves about. */
export class Labels {
  private readonly places = new Map<number, Place | null>();
  private readonly taken: Place[] = [];
  private readonly byTensor = new Map<number, Place[]>();

  /** The place for a label of a width at a line in sight; null where there is no room. */
  place(scene: Scene, closedInSight: Int32Array, line: number, width: number): Place | null {
    let place = this.places.get(line);
    if (place !== undefined) return place;
    const same = this.byTensor.get(scene.lines.tensor[line]) ?? [];
    place = null;
    for (const { x, y } of middles(scene, line)) {
      const wanted = { x, y, width, height: HEIGHT };
      if (same.some((other) => Math.hypot(other.x - x, other.y - y) < SAME_TENSOR)) continue;
      if (this.taken.some((other) => overlap(other, wanted))) continue;
      if (hitsBox(scene, closedInSight, wanted) || hitsStub(scene, wanted)) continue;
      place = wanted;
      this.taken.push(place);
      this.byTensor.set(scene.lines.tensor[line], [...same, place]);
      break;
    }
    this.places.set(line, place);
    return place;
  }
}

/** The middles of the parts of a line, those of the longest first. A curve's middle lies between its ends. */
export function middles({ lines }: Scene, line: number): { x: number; y: number }[] {
  const { points, offsets } = lines;
  const parts: { x: number; y: number; length: number }[] = [];
  for (let p = offsets[line] + 2; p < offsets[line + 1]; p += 2)
    parts.push({
      x: (points[p - 2] + points[p]) / 2,
      y: (points[p - 1] + points[p + 1]) / 2,
      length: Math.abs(points[p + 1] - points[p - 1]),
    });
  return parts.sort((a, b) => b.length - a.length);
}

export function overlap(a: Place, b: Place): boolean {
  return (
    2 * Math.abs(a.x - b.x) < a.width + b.width + MARGIN && 2 * Math.abs(a.y - b.y) < a.height + b.height
  );
}

function hitsBox({ boxes }: Scene, among: Int32Array, { x, y, width, height }: Place): boolean {
  for (const box of among) {
    const isBeside = x + width / 2 < boxes.x[box] || x - width / 2 > boxes.x[box] + boxes.width[box];
    const isAbove = y + height / 2 < boxes.y[box] || y - height / 2 > boxes.y[box] + boxes.height[box];
    if (!isBeside && !isAbove) return true;
  }
  return false;
}

/** Whether a label would lie on a cut edge's end, or on what is written at it. */
function hitsStub({ stubs }: Scene, { x, y, width, height }: Place): boolean {
  for (let i = 0; i < stubs.box.length; i++) {
    const isBeside = x + width / 2 < stubs.x[i] - 4 || x - width / 2 > stubs.x[i] + STUB_LABEL;
    const far = stubs.arrives[i] === 1 ? stubs.y[i] - STUB_LENGTH : stubs.y[i] + STUB_LENGTH;
    const isAbove = y + height / 2 < Math.min(far, stubs.y[i]) || y - height / 2 > Math.max(far, stubs.y[i]);
    if (!isBeside && !isAbove) return true;
  }
  return false;
}

/** Under the boxes: quiet labels at all lines that have the room, not under those that are looked at. */
export function paintLabels(frame: Frame): void {
  const { pen, drawing, sight, theme, fitter, labels, flags } = frame;
  if (sight.scale < LABELS) return;
  const above = [...highlightedPlaces(frame).values()];
  pen.font = `${FONT_SIZE} ${FONT}`;
  pen.textBaseline = 'middle';
  pen.textAlign = 'center';
  for (const line of frame.lines) {
    if ((flags.lines[line] & FADED) !== 0 || isLookedAt(frame, line)) continue;
    const text = drawing.lineText(line);
    const place = labels.place(drawing.scene, frame.closed, line, fitter.width(text, FONT_SIZE));
    if (place === null || above.some((other) => overlap(other, place))) continue;
    pen.fillStyle = theme.background;
    pen.fillRect(place.x - place.width / 2 - 2, place.y - 6, place.width + 4, 12);
    pen.fillStyle = theme.muted;
    pen.fillText(text, place.x, place.y);
  }
  pen.textAlign = 'left';
}

/** Over the boxes, and in a size that can be read: at what is selected or under the pointer. */
export function paintHighlightedLabels(frame: Frame): void {
  const { pen, drawing, sight, theme } = frame;
  const size = sizeOfHighlighted(frame);
  pen.font = `${size}px ${FONT}`;
  pen.textBaseline = 'middle';
  pen.textAlign = 'center';
  for (const [line, { x, y, width, height }] of highlightedPlaces(frame)) {
    pen.fillStyle = theme.surface;
    pen.strokeStyle = theme.accent;
    pen.lineWidth = sight.pixel;
    pen.beginPath();
    pen.roundRect(x - width / 2, y - height / 2, width, height, size * 0.4);
    pen.fill();
    pen.stroke();
    pen.fillStyle = theme.text;
    pen.fillText(drawing.lineText(line), x, y);
  }
  pen.textAlign = 'left';
}

/** By line: each at the longest part of its line where there is none yet. */
function highlightedPlaces(frame: Frame): Map<number, Place> {
  const { drawing, fitter } = frame;
  const size = sizeOfHighlighted(frame);
  const places = new Map<number, Place>();
  for (const line of frame.highlighted) {
    if (!isLookedAt(frame, line)) continue;
    const width = (fitter.width(drawing.lineText(line), FONT_SIZE) * size) / 10 + size;
    const place = middles(drawing.scene, line)
      .map(({ x, y }): Place => ({ x, y, width, height: size * 1.5 }))
      .find((candidate) => ![...places.values()].some((other) => overlap(other, candidate)));
    if (place === undefined) continue;
    places.set(line, place);
    if (places.size === MOST) break;
  }
  return places;
}

function sizeOfHighlighted({ sight }: Frame): number {
  return Math.max(10, 10.5 / sight.scale);
}

/** Of the highlighted lines not those that are only traced: these may be all. */
function isLookedAt({ drawing, flags, hovered, hoveredLine }: Frame, line: number): boolean {
  const { from, to } = drawing.scene.lines;
  if ((flags.lines[line] & LABELLED) !== 0 || line === hoveredLine) return true;
  return hovered >= 0 && (from[line] === hovered || to[line] === hovered);
}
