/** Data type and shape at lines: where there is room for it, and at those that are looked at in any case. */
import type { Scene } from '../scene.ts';
import { STUB_LENGTH } from '../drawing.ts';
import { FADED, LABELLED } from './flags.ts';
import type { Frame } from './frame.ts';
import { Grid, overlap, type Place } from './grid.ts';
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

/** Where the labels of a scene stand. Each keeps its place, so that labels do not come and go while one moves about. */
export class Labels {
  private readonly places = new Map<number, Place | null>();
  private readonly byTensor = new Map<number, Place[]>();
  private readonly taken = new Grid();
  private readonly isKnown: Uint8Array;

  constructor(private readonly scene: Scene) {
    this.isKnown = new Uint8Array(scene.boxes.kind.length);
    for (let stub = 0; stub < scene.stubs.box.length; stub++) this.taken.add(placeOfStub(scene, stub));
  }

  /** Keeps labels off boxes. Has to be told of all that are in sight before labels are placed there. */
  avoid(closed: Int32Array): void {
    const { x, y, width, height } = this.scene.boxes;
    for (const box of closed) {
      if (this.isKnown[box] === 1) continue;
      this.isKnown[box] = 1;
      this.taken.add({
        x: x[box] + width[box] / 2,
        y: y[box] + height[box] / 2,
        width: width[box],
        height: height[box],
      });
    }
  }

  /** The place for a label of a width at a line in sight; null where there is no room. */
  place(line: number, width: number): Place | null {
    let place = this.places.get(line);
    if (place !== undefined) return place;
    const tensor = this.scene.lines.tensor[line];
    const same = this.byTensor.get(tensor) ?? [];
    place = null;
    for (const { x, y } of middles(this.scene, line)) {
      const wanted = { x, y, width: width + MARGIN, height: HEIGHT };
      if (same.some((other) => Math.hypot(other.x - x, other.y - y) < SAME_TENSOR)) continue;
      if (this.taken.hits(wanted)) continue;
      place = wanted;
      this.taken.add(place);
      this.byTensor.set(tensor, [...same, place]);
      break;
    }
    this.places.set(line, place);
    return place;
  }
}

/** The end of a cut edge and what is written at it. */
function placeOfStub({ stubs }: Scene, stub: number): Place {
  const outwards = stubs.arrives[stub] === 1 ? -1 : 1;
  return {
    x: stubs.x[stub] + STUB_LABEL / 2 - 2,
    y: stubs.y[stub] + (outwards * STUB_LENGTH) / 2,
    width: STUB_LABEL + 4,
    height: STUB_LENGTH,
  };
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

/** Under the boxes: quiet labels at all lines that have the room, not under those that are looked at. */
export function paintLabels(frame: Frame): void {
  const { pen, drawing, sight, theme, fitter, labels, flags } = frame;
  if (sight.scale < LABELS) return;
  labels.avoid(frame.closed);
  const above = [...highlightedPlaces(frame).values()];
  pen.font = `${FONT_SIZE} ${FONT}`;
  pen.textBaseline = 'middle';
  pen.textAlign = 'center';
  for (const line of frame.lines) {
    if ((flags.lines[line] & FADED) !== 0 || isLookedAt(frame, line)) continue;
    const text = drawing.lineText(line);
    const place = labels.place(line, fitter.width(text, FONT_SIZE));
    if (place === null || above.some((other) => overlap(other, place))) continue;
    pen.fillStyle = theme.background;
    pen.fillRect(place.x - place.width / 2, place.y - 6, place.width, 12);
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
