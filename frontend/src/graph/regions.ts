/** Which boxes a region of the graph holds: the operators that a delegate runs as one. */
import { REGION_COLUMN, type CategoryLens, type Lens } from '../lens/lens.ts';
import type { Hierarchy } from './hierarchy.ts';
import { CLOSED_GROUP, OPERATOR, type Scene } from './scene.ts';

export interface Regions {
  /** Of each box the region that it lies in as a whole, -1 for none. */
  of: Int32Array;
  /** Of each region the place of its colour in the palette. */
  color: Uint8Array;
}

/** Null under lenses that show no regions. */
export function regionsOf(hierarchy: Hierarchy, { boxes }: Scene, lens: Lens): Regions | null {
  if (lens.kind !== 'category' || lens.column.name !== REGION_COLUMN) return null;
  const { codes, names } = lens.column;
  const of = new Int32Array(boxes.kind.length).fill(-1);
  for (let i = 0; i < of.length; i++) {
    const kind = boxes.kind[i];
    if (kind === OPERATOR) of[i] = codes[boxes.item[i]];
    else if (kind === CLOSED_GROUP) of[i] = commonRegion(hierarchy, codes, boxes.item[i]);
  }
  return { of, color: colorsOf(lens, names.length) };
}

/** The region of all operators of a group, -1 where they are in several or some are in none. */
function commonRegion({ groups, order }: Hierarchy, codes: Int32Array, group: number): number {
  const { start, end } = groups[group];
  const first = codes[order[start]];
  for (let at = start + 1; at < end; at++) if (codes[order[at]] !== first) return -1;
  return first;
}

function colorsOf({ categories }: CategoryLens, count: number): Uint8Array {
  const color = new Uint8Array(count);
  for (const { code, color: place } of categories) color[code] = place;
  return color;
}
