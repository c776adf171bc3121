/** Lines and their arrow heads: all of one look in one path. */
import { BACKWARD } from '../layout/layered.ts';
import { isOpen, type Scene } from '../scene.ts';
import { traceLine, traceStraight } from '../trace.ts';
import { FADED } from './flags.ts';
import { FADE, grouped, isHighlighted, type Frame } from './frame.ts';
import { PLAIN, TEXT } from './pen.ts';

// Skia draws strokes up to a pixel wide some five times as fast as wider ones: 10,000 lines in 5 ms instead of 25.
const HAIR = 0.999;
/** Widths by weight: in the world, and the least on the screen. */
const WEIGHTS = [0.8, 1.4, 2.4, 4, 6.5];
const LEAST = [0.35, 0.5, 0.65, 0.8, HAIR];
/** From this many on, highlighted lines are hairs too when they are seen from far away. */
const MANY = 500;

const IS_BACKWARD = 1;
const IS_FADED = 2;
const WEIGHT = 4;

export function paintLines(frame: Frame): void {
  const { pen, drawing, theme } = frame;
  pen.lineJoin = 'round';
  pen.strokeStyle = theme.line;
  if (looksAlike(frame)) {
    pen.lineWidth = even(frame);
    pen.stroke(allLines(drawing.scene));
  } else paintByLook(frame);
  paintHighlighted(frame);
}

/** Seen from far away, with most of them in sight, all lines are one path that is made once. Files have no such paths. */
function looksAlike({ dots, weighsLines, flags, lines, drawing }: Frame): boolean {
  return (
    dots !== null && !weighsLines && !flags.fadesLines && 2 * lines.length > drawing.scene.lines.from.length
  );
}

const paths = new WeakMap<Scene, Path2D>();

function allLines(scene: Scene): Path2D {
  let path = paths.get(scene);
  if (path === undefined) {
    path = new Path2D();
    const { points, offsets, from } = scene.lines;
    for (let line = 0; line < from.length; line++)
      traceStraight(path, points, offsets[line], offsets[line + 1]);
    paths.set(scene, path);
  }
  return path;
}

function paintByLook(frame: Frame): void {
  const { pen, drawing, theme, flags, sight } = frame;
  const { state } = drawing.scene.lines;
  const plain = grouped(frame.lines, (line) => {
    if (isHighlighted(frame, line)) return -1;
    return (
      (state[line] === BACKWARD ? IS_BACKWARD : 0) |
      ((flags.lines[line] & FADED) === 0 ? 0 : IS_FADED) |
      (frame.weighsLines ? WEIGHT * drawing.lineWeight(line) : 0)
    );
  });
  for (const { key, ids: lines } of plain) {
    pen.globalAlpha = (key & IS_FADED) === 0 ? 1 : FADE;
    pen.lineWidth = frame.weighsLines ? weighted(frame, Math.floor(key / WEIGHT)) : even(frame);
    strokeLines(frame, lines, (key & IS_BACKWARD) !== 0);
    if (sight.scale >= TEXT) fillHeads(frame, lines, theme.line);
  }
  pen.globalAlpha = 1;
}

function paintHighlighted(frame: Frame): void {
  const { pen, drawing, theme, sight } = frame;
  const { state } = drawing.scene.lines;
  for (const { key, ids: lines } of grouped(frame.highlighted, (line) => Number(state[line] === BACKWARD))) {
    const asHairs = sight.scale < PLAIN && lines.length > MANY;
    pen.strokeStyle = theme.accent;
    pen.lineWidth = asHairs ? HAIR * sight.pixel : Math.max(2 / sight.scale, 1.2);
    strokeLines(frame, lines, key === IS_BACKWARD);
    if (sight.scale >= TEXT) fillHeads(frame, lines, theme.accent);
  }
}

/** A pixel from far away, about one in the world when near. */
function even({ sight }: Frame): number {
  return sight.scale < PLAIN ? HAIR * sight.pixel : Math.max(HAIR / sight.scale, 0.8);
}

function weighted({ sight }: Frame, weight: number): number {
  const least = LEAST[weight] / sight.scale;
  const width = Math.max(WEIGHTS[weight], least);
  return sight.scale < PLAIN ? Math.min(width, HAIR * sight.pixel) : width;
}

function strokeLines({ pen, drawing, sight }: Frame, lines: Int32Array, isBackward: boolean): void {
  const { points, offsets } = drawing.scene.lines;
  const trace = sight.scale < PLAIN ? traceStraight : traceLine;
  const isDashed = isBackward && sight.scale >= PLAIN;
  if (isDashed) pen.setLineDash([6, 4]);
  pen.beginPath();
  for (const line of lines) trace(pen, points, offsets[line], offsets[line + 1]);
  pen.stroke();
  if (isDashed) pen.setLineDash([]);
}

function fillHeads({ pen, drawing }: Frame, lines: Int32Array, color: string): void {
  const { offsets, points, to } = drawing.scene.lines;
  const { kind } = drawing.scene.boxes;
  pen.fillStyle = color;
  pen.beginPath();
  for (const line of lines) {
    if (isOpen(kind[to[line]])) continue; // it goes on inside
    const end = offsets[line + 1];
    const x = points[end - 2];
    const y = points[end - 1];
    const down = points[end - 3] <= y ? 1 : -1;
    pen.moveTo(x, y);
    pen.lineTo(x - 3.5, y - 7 * down);
    pen.lineTo(x + 3.5, y - 7 * down);
  }
  pen.fill();
}
