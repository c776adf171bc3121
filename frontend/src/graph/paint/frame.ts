/** One frame: what is to be painted, what of it is in sight, and the pen for it. */
import type { Theme } from '../../lib/palette.ts';
import type { Drawing } from '../drawing.ts';
import { HIGHLIGHTED, type Flags } from './flags.ts';
import type { Dots } from './dots.ts';
import type { Fitter } from './fitter.ts';
import type { Labels } from './labels.ts';
import type { Pen } from './pen.ts';
import type { Sight } from './sight.ts';

export interface Frame {
  pen: Pen;
  drawing: Drawing;
  flags: Flags;
  /** Box and line under the pointer, -1 for none. */
  hovered: number;
  hoveredLine: number;
  weighsLines: boolean;
  sight: Sight;
  theme: Theme;
  fitter: Fitter;
  labels: Labels;
  /** In place of rectangles when boxes are seen from far away; null where the pen is not one of a canvas. */
  dots: Dots | null;
  /** In sight: open groups and operators, outer ones first; all other boxes; lines, and those that are looked at. */
  open: Int32Array;
  closed: Int32Array;
  lines: Int32Array;
  highlighted: Int32Array;
}

/** How much is left of what is faded. */
export const FADE = 0.25;

export function roundBox({ pen, drawing }: Frame, box: number, radius: number): void {
  const { x, y, width, height } = drawing.scene.boxes;
  pen.roundRect(x[box], y[box], width[box], height[box], radius);
}

/** The ids of one look. */
export interface Group {
  key: number;
  ids: Int32Array;
}

/**
 * Ids by a small key, so that what looks the same is painted at once; those with the key -1 are left out. Counted and
 * then sorted into place: lists that grow would take most of a frame at 50,000 boxes.
 */
export function grouped(ids: Int32Array, keyOf: (id: number) => number): Group[] {
  const keys = new Int16Array(ids.length);
  const counts: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const key = (keys[i] = keyOf(ids[i]));
    if (key >= 0) counts[key] = (counts[key] ?? 0) + 1;
  }
  const groups: Group[] = [];
  const next = new Map<number, number>();
  const sorted = new Int32Array(ids.length);
  let start = 0;
  counts.forEach((count, key) => {
    groups.push({ key, ids: sorted.subarray(start, start + count) });
    next.set(key, start);
    start += count;
  });
  const at = Int32Array.from(counts, (_, key) => next.get(key) ?? 0);
  for (let i = 0; i < ids.length; i++) if (keys[i] >= 0) sorted[at[keys[i]]++] = ids[i];
  return groups;
}

/** Lines at what is under the pointer or selected, or part of what is traced. */
export function isHighlighted(
  { drawing, flags, hovered, hoveredLine }: Pick<Frame, 'drawing' | 'flags' | 'hovered' | 'hoveredLine'>,
  line: number,
): boolean {
  const { from, to } = drawing.scene.lines;
  if ((flags.lines[line] & HIGHLIGHTED) !== 0 || line === hoveredLine) return true;
  return hovered >= 0 && (from[line] === hovered || to[line] === hovered);
}
