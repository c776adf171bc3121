/** Regions: a band around boxes of one region and along the lines between them, so that they read as one area. */
import { BACKWARD } from '../layout/layered.ts';
import { traceLine, traceStraight } from '../trace.ts';
import { FADED } from './flags.ts';
import { FADE, grouped, type Frame } from './frame.ts';
import { PLAIN } from './pen.ts';

/** In the world, on every side; the outline is what the wider one shows beyond the narrower. */
const MARGIN = 8;
const OUTLINE = 1.6;

export function paintRegions(frame: Frame): void {
  const { regions, palette } = frame.drawing.paint;
  if (regions === null) return;
  const { from, to, state } = frame.drawing.scene.lines;
  const keyOf = (region: number, isFaded: boolean): number =>
    region < 0 ? -1 : 2 * region + Number(isFaded);
  const inSight = new Int32Array(frame.open.length + frame.closed.length);
  inSight.set(frame.open);
  inSight.set(frame.closed, frame.open.length);
  const boxes = grouped(inSight, (box) => keyOf(regions.of[box], (frame.flags.boxes[box] & FADED) !== 0));
  const lines = grouped(frame.lines, (line) => {
    const region = regions.of[from[line]];
    const isInside = region === regions.of[to[line]] && state[line] !== BACKWARD;
    return isInside ? keyOf(region, (frame.flags.lines[line] & FADED) !== 0) : -1;
  });
  const none = new Int32Array();
  const linesOf = new Map(lines.map(({ key, ids }) => [key, ids]));
  for (const { key, ids } of boxes) {
    const { strong, tint } = palette[regions.color[key >> 1]];
    frame.pen.globalAlpha = key % 2 === 0 ? 1 : FADE;
    const inside = linesOf.get(key) ?? none;
    const outline = Math.max(OUTLINE, 1.2 * frame.sight.pixel);
    band(frame, strong, MARGIN + outline, ids, inside);
    band(frame, tint, MARGIN, ids, inside);
  }
  frame.pen.globalAlpha = 1;
}

function band(
  { pen, drawing, sight }: Frame,
  color: string,
  margin: number,
  boxes: Int32Array,
  lines: Int32Array,
): void {
  const { x, y, width, height } = drawing.scene.boxes;
  const { points, offsets } = drawing.scene.lines;
  const trace = sight.scale < PLAIN ? traceStraight : traceLine;
  pen.strokeStyle = color;
  pen.fillStyle = color;
  pen.lineWidth = 2 * margin;
  pen.lineJoin = 'round';
  pen.beginPath();
  for (const line of lines) trace(pen, points, offsets[line], offsets[line + 1]);
  pen.stroke();
  pen.beginPath();
  for (const box of boxes)
    pen.roundRect(
      x[box] - margin,
      y[box] - margin,
      width[box] + 2 * margin,
      height[box] + 2 * margin,
      margin,
    );
  pen.fill();
}
