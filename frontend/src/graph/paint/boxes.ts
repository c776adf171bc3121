/** Closed boxes: from far away a rectangle each, nearer with border, bar, strip and text. All of one look in one path. */
import type { Swatch } from '../../lib/palette.ts';
import { PADDING } from '../boxes.ts';
import { CLOSED_GROUP, OPERATOR } from '../scene.ts';
import { FADED, MATCHED, SELECTED } from './flags.ts';
import { FADE, grouped, roundBox, type Frame } from './frame.ts';
import { PLAIN, TEXT } from './pen.ts';
import { paintTexts } from './texts.ts';

/** Looks other than the colours of operators. */
const GROUP = 0;
const ENDPOINT = 1;
const COLORS = 2;

export function paintBoxes(frame: Frame): void {
  const { sight, flags, pen } = frame;
  const looks = grouped(frame.closed, (box) => 2 * lookOf(frame, box) + (flags.boxes[box] & FADED));
  const paintLook = sight.scale < PLAIN ? paintPlain : paintDetailed;
  for (const { key, ids } of looks) {
    pen.globalAlpha = (key & FADED) === 0 ? 1 : FADE;
    paintLook(frame, key >> 1, ids);
  }
  pen.globalAlpha = 1;
  frame.dots?.show();
  if (sight.scale >= TEXT) for (const { key, ids } of looks) paintTexts(frame, ids, (key & FADED) !== 0);
  paintOutlines(frame);
}

function lookOf({ drawing }: Frame, box: number): number {
  const kind = drawing.scene.boxes.kind[box];
  if (kind === OPERATOR) return COLORS + drawing.paint.color[box];
  return kind === CLOSED_GROUP ? GROUP : ENDPOINT;
}

function paintPlain(frame: Frame, look: number, boxes: Int32Array): void {
  const { pen, drawing, theme, dots, sight } = frame;
  const { x, y, width, height } = drawing.scene.boxes;
  if (look === GROUP) {
    for (const box of boxes) paintStrip(frame, box, x[box], width[box], y[box], height[box]);
    return;
  }
  const color = look === ENDPOINT ? theme.line : drawing.paint.palette[look - COLORS].strong;
  if (dots !== null) {
    dots.add(drawing.scene.boxes, boxes, sight, color, pen.globalAlpha);
    return;
  }
  pen.fillStyle = color;
  pen.beginPath();
  for (const box of boxes) pen.rect(x[box], y[box], width[box], height[box]);
  pen.fill();
}

function paintDetailed(frame: Frame, look: number, boxes: Int32Array): void {
  const { pen, theme, drawing, sight } = frame;
  const swatch = look >= COLORS ? drawing.paint.palette[look - COLORS] : null;
  pen.fillStyle = swatch?.tint ?? theme.surface;
  pen.strokeStyle = swatch?.strong ?? theme.border;
  pen.lineWidth = Math.max(sight.pixel, 0.8);
  if (look === GROUP) paintSheets(frame, boxes);
  const corner = look === ENDPOINT ? 14 : 5;
  pen.beginPath();
  for (const box of boxes) roundBox(frame, box, sight.scale < TEXT ? 0 : corner);
  pen.fill();
  pen.stroke();
  if (look === GROUP) paintStrips(frame, boxes);
  if (swatch !== null) paintBars(frame, swatch, boxes);
}

/** The edge of a second sheet behind groups: they hold more. */
function paintSheets({ pen, drawing }: Frame, boxes: Int32Array): void {
  const { x, y, width, height } = drawing.scene.boxes;
  pen.beginPath();
  for (const box of boxes) pen.roundRect(x[box] + 3, y[box] + 3, width[box], height[box], 5);
  pen.fill();
  pen.stroke();
}

function paintBars(frame: Frame, { strong, hatched }: Swatch, boxes: Int32Array): void {
  const { pen, drawing } = frame;
  const { x, y, height } = drawing.scene.boxes;
  if (hatched === true) paintHatches(frame, boxes);
  pen.fillStyle = strong;
  pen.beginPath();
  for (const box of boxes) pen.rect(x[box], y[box] + 4, 3.5, height[box] - 8);
  pen.fill();
}

/** Between the lines of what is hatched. */
const HATCH = 7;

function paintHatches({ pen, drawing, sight }: Frame, boxes: Int32Array): void {
  const { x, y, width, height } = drawing.scene.boxes;
  const alpha = pen.globalAlpha;
  pen.globalAlpha = alpha * 0.25;
  pen.lineWidth = sight.pixel;
  pen.beginPath();
  for (const box of boxes)
    for (let at = HATCH; at < width[box] + height[box]; at += HATCH) {
      const beyondRight = Math.max(0, at - width[box]);
      const beyondFoot = Math.max(0, at - height[box]);
      pen.moveTo(x[box] + at - beyondRight, y[box] + beyondRight);
      pen.lineTo(x[box] + beyondFoot, y[box] + at - beyondFoot);
    }
  pen.stroke();
  pen.globalAlpha = alpha;
}

function paintStrips(frame: Frame, boxes: Int32Array): void {
  const { x, y, width, height } = frame.drawing.scene.boxes;
  for (const box of boxes)
    paintStrip(frame, box, x[box] + PADDING, width[box] - 2 * PADDING, y[box] + height[box] - 11, 5);
}

function paintStrip(
  { pen, drawing: { paint } }: Frame,
  box: number,
  left: number,
  width: number,
  top: number,
  height: number,
): void {
  let x = left;
  for (const { color, share } of paint.strip(box)) {
    pen.fillStyle = paint.palette[color].strong;
    pen.fillRect(x, top, width * share, height);
    x += width * share;
  }
}

/** Around what was found, what the pointer is at, and what is selected. */
function paintOutlines(frame: Frame): void {
  const { pen, theme, sight, flags, hovered } = frame;
  const marked = grouped(frame.closed, (box) => {
    if ((flags.boxes[box] & SELECTED) !== 0) return 2;
    if (box === hovered) return 1;
    return (flags.boxes[box] & MATCHED) === 0 ? -1 : 0;
  });
  for (const { key, ids } of marked) {
    const width = key === 2 ? 2.5 : 1.5;
    pen.strokeStyle = [theme.match, theme.text, theme.accent][key];
    pen.lineWidth = Math.max(width / sight.scale, width * 0.6);
    pen.beginPath();
    for (const box of ids) roundBox(frame, box, sight.scale < PLAIN ? 0 : 6);
    pen.stroke();
  }
}
