/** What the renderer is given besides the scene: it knows boxes and colours, not models. */
import type { Swatch } from '../lib/palette.ts';
import type { Scene } from './scene.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPERATOR, OUTPUT } from './scene.ts';

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
}

export interface Drawing {
  scene: Scene;
  /** Extents of the lines: left, top, right, bottom of line i at 4 i. */
  lineBounds: Float64Array;
  paint: Paint;
  text: (box: number) => BoxText;
  stubText: (stub: number) => string;
}

export interface Marks {
  selected: ReadonlySet<number>;
  hovered: number;
  /** Boxes that answer a search; all others are faded. Null when nothing is searched. */
  matches: ReadonlySet<number> | null;
}

export function lineBoundsOf(scene: Scene): Float64Array {
  const { offsets, points } = scene.lines;
  const bounds = new Float64Array(4 * (offsets.length - 1));
  for (let i = 0; i + 1 < offsets.length; i++) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let p = offsets[i]; p < offsets[i + 1]; p += 2) {
      left = Math.min(left, points[p]);
      right = Math.max(right, points[p]);
      top = Math.min(top, points[p + 1]);
      bottom = Math.max(bottom, points[p + 1]);
    }
    bounds.set([left, top, right, bottom], 4 * i);
  }
  return bounds;
}

/** The innermost box at a point of the world, -1 for none. Boxes come parents first, so the last hit is innermost. */
export function boxAt(scene: Scene, x: number, y: number): number {
  const { boxes } = scene;
  for (let i = boxes.kind.length - 1; i >= 0; i--)
    if (
      x >= boxes.x[i] &&
      x <= boxes.x[i] + boxes.width[i] &&
      y >= boxes.y[i] &&
      y <= boxes.y[i] + boxes.height[i]
    )
      return i;
  return -1;
}

/** The stub whose label is at a point of the world, -1 for none; the reach is in world units. */
export function stubAt(scene: Scene, x: number, y: number): number {
  const { stubs } = scene;
  for (let i = 0; i < stubs.box.length; i++) {
    const dy = stubs.arrives[i] === 1 ? stubs.y[i] - y : y - stubs.y[i];
    if (dy >= 0 && dy <= STUB_LENGTH + 4 && Math.abs(x - stubs.x[i]) <= 8) return i;
  }
  return -1;
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
export const OPERATOR_KINDS = [OPERATOR] as const;
export const TENSOR_KINDS = [INPUT, OUTPUT] as const;
