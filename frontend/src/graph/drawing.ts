/** What the renderer is given besides the scene: it knows boxes and colours, not models. */
import type { Swatch } from '../lib/palette.ts';
import type { Regions } from './regions.ts';
import type { Scene } from './scene.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPEN_OPERATOR, OPERATOR, OUTPUT } from './scene.ts';

export interface BoxText {
  title: string;
  /** Set apart behind the title: the fused activation, or how often a block repeats. */
  chip: string;
  lines: string[];
}

/** A part of the strip at the foot of a closed group: a place in the palette, and how much of the width it takes. */
export interface Strip {
  color: number;
  share: number;
}

/** How the boxes of a scene are coloured. Another lens or theme replaces it; the scene stays. */
export interface Paint {
  palette: readonly Swatch[];
  /** Of each box the place in the palette. */
  color: Uint8Array;
  strip: (box: number) => Strip[];
  /** A figure at the right of a closed group; empty for none. */
  figure: (box: number) => string;
  /** What is painted as one area; null for nothing. */
  regions: Regions | null;
}

export interface Drawing {
  scene: Scene;
  /** Extents of the lines: left, top, right, bottom of line i at 4 i. */
  lineBounds: Float64Array;
  paint: Paint;
  text: (box: number) => BoxText;
  stubText: (stub: number) => string;
  /** Data type and shape of what a line carries. */
  lineText: (line: number) => string;
  /** How large that is, in five steps. */
  lineWeight: (line: number) => number;
}

export interface Marks {
  selected: ReadonlySet<number>;
  /** Selected tensors: lines that carry them are highlighted. */
  tensors: ReadonlySet<number>;
  /** Box and line under the pointer, -1 for none. */
  hovered: number;
  hoveredLine: number;
  /** Boxes that match a filter; all others are faded. Null when nothing is filtered. */
  matches: ReadonlySet<number> | null;
  /** What is traced; null when nothing is. */
  traced: Traced | null;
}

/** Boxes and lines of a trace, by 1; the rest is faded. */
export interface Traced {
  boxes: Uint8Array;
  lines: Uint8Array;
}

/** A plain loop over numbers: arrays for each line would cost a tenth of a second at 50,000. */
export function lineBoundsOf(scene: Scene): Float64Array {
  const { offsets, points } = scene.lines;
  const bounds = new Float64Array(4 * (offsets.length - 1));
  for (let i = 0; i + 1 < offsets.length; i++) {
    let left = Infinity;
    let top = Infinity;
    let right = -Infinity;
    let bottom = -Infinity;
    for (let p = offsets[i]; p < offsets[i + 1]; p += 2) {
      const x = points[p];
      const y = points[p + 1];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    bounds[4 * i] = left;
    bounds[4 * i + 1] = top;
    bounds[4 * i + 2] = right;
    bounds[4 * i + 3] = bottom;
  }
  return bounds;
}

export const STUB_LENGTH = 14;

/** The box of an operator, group or tensor; -1 when it is not in the scene. */
export function findBox(scene: Scene, kinds: readonly number[], item: number): number {
  const { boxes } = scene;
  for (let i = 0; i < boxes.kind.length; i++)
    if (boxes.item[i] === item && kinds.includes(boxes.kind[i])) return i;
  return -1;
}

export const GROUP_KINDS = [CLOSED_GROUP, OPEN_GROUP] as const;
export const OPERATOR_KINDS = [OPERATOR, OPEN_OPERATOR] as const;
export const TENSOR_KINDS = [INPUT, OUTPUT] as const;
