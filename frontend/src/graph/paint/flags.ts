/** What the marks mean for every box and line. Worked out when they change, so that a frame only looks it up. */
import type { Scene } from '../scene.ts';
import type { Marks } from '../drawing.ts';

/** Of boxes and lines. */
export const FADED = 1;
/** Of boxes. */
export const SELECTED = 4;
export const MATCHED = 8;
/** Of lines: at what is selected, or part of what is traced. */
export const HIGHLIGHTED = 4;
/** Of lines: at what is selected, so that its label is wanted too. */
export const LABELLED = 8;

export interface Flags {
  boxes: Uint8Array;
  lines: Uint8Array;
  /** Whether any line may be faded. */
  fadesLines: boolean;
}

export type FixedMarks = Omit<Marks, 'hovered' | 'hoveredLine'>;

export function flagsOf(scene: Scene, { selected, tensors, matches, traced }: FixedMarks): Flags {
  const boxes = new Uint8Array(scene.boxes.kind.length);
  const { from, to, tensor } = scene.lines;
  const lines = new Uint8Array(from.length);
  if (traced !== null) for (let i = 0; i < boxes.length; i++) if (traced.boxes[i] === 0) boxes[i] |= FADED;
  if (matches !== null) {
    for (let i = 0; i < boxes.length; i++) if (!matches.has(i)) boxes[i] |= FADED;
    for (const box of matches) boxes[box] |= MATCHED;
  }
  for (const box of selected) boxes[box] |= SELECTED;
  for (let i = 0; i < lines.length; i++) {
    const ends = (from[i] < 0 ? 0 : boxes[from[i]]) | (to[i] < 0 ? 0 : boxes[to[i]]);
    if (traced !== null) lines[i] = traced.lines[i] === 1 ? HIGHLIGHTED : FADED;
    const isWanted = (ends & SELECTED) !== 0 || tensors.has(tensor[i]);
    if (isWanted && (lines[i] & FADED) === 0) lines[i] |= HIGHLIGHTED | LABELLED;
  }
  return { boxes, lines, fadesLines: traced !== null };
}
