/** Open groups: the ground that their boxes stand on, and their names. */
import { GROUP_HEADER, PADDING } from '../boxes.ts';
import { CLOSED_GROUP, isOpen, type Scene } from '../scene.ts';
import { FADED, SELECTED } from './flags.ts';
import { FADE, roundBox, type Frame } from './frame.ts';
import { FONT, PLAIN, TEXT } from './pen.ts';

export function paintGroups(frame: Frame): void {
  const { pen, drawing, theme, sight, flags } = frame;
  const radius = sight.scale < PLAIN ? 0 : 8;
  pen.lineWidth = sight.pixel;
  pen.strokeStyle = theme.border;
  for (const box of frame.open) {
    pen.fillStyle = theme.group[depthOf(drawing.scene, box) % 2];
    pen.beginPath();
    roundBox(frame, box, radius);
    pen.fill();
    pen.stroke();
    if ((flags.boxes[box] & SELECTED) === 0) continue;
    pen.strokeStyle = theme.accent;
    pen.lineWidth = Math.max(2.5 / sight.scale, 1.5);
    pen.stroke();
    pen.lineWidth = sight.pixel;
    pen.strokeStyle = theme.border;
  }
}

function depthOf({ boxes: { parent } }: Scene, box: number): number {
  let depth = 0;
  for (let at = parent[box]; at >= 0; at = parent[at]) depth++;
  return depth;
}

/** In the header, or like a map's from far away; a name that would lie on one further out is left out. */
export function paintGroupNames(frame: Frame): void {
  const { pen, drawing, theme, sight, flags, fitter } = frame;
  const { kind, x, y, width, height } = drawing.scene.boxes;
  const size = Math.max(12, 11 / sight.scale);
  const font = `600 ${size}px ${FONT}`;
  const written: { left: number; top: number; right: number }[] = [];
  pen.font = font;
  pen.textBaseline = 'middle';
  const closed = sight.scale < TEXT ? frame.closed.filter((box) => kind[box] === CLOSED_GROUP) : [];
  for (const box of [...frame.open, ...closed]) {
    const isFrame = isOpen(kind[box]);
    const room = width[box] - 2 * PADDING;
    if (room * sight.scale < 60 || height[box] * sight.scale < (isFrame ? 24 : 14)) continue;
    const { title, chip } = drawing.text(box);
    const text = fitter.fit(chip === '' ? title : `${title}  ${chip}`, (room / size) * 12, '600 12px');
    const left = x[box] + PADDING;
    const middle = y[box] + Math.max(GROUP_HEADER / 2, size * 0.75);
    const right = left + (fitter.width(text, '600 12px') * size) / 12;
    const top = middle - size / 2;
    if (written.some((other) => overlaps(other, { left, top, right }, size))) continue;
    written.push({ left, top, right });
    pen.fillStyle = theme.text;
    pen.globalAlpha = (flags.boxes[box] & FADED) === 0 ? 1 : FADE;
    pen.fillText(text, left, middle);
  }
  pen.globalAlpha = 1;
}

interface Span {
  left: number;
  top: number;
  right: number;
}

/** Whether two texts of a height lie on each other. */
function overlaps(a: Span, b: Span, height: number): boolean {
  return a.left < b.right && b.left < a.right && Math.abs(a.top - b.top) < height;
}
