/** What the pictures of one operator have in common. */
import type { Closeup, Kind } from '../wire/closeups.ts';

export const KINDS: Record<Kind, { name: string; explain: string }> = {
  whole: { name: 'from the inputs on', explain: 'Both models went their own way from the inputs on' },
  local: { name: 'by itself', explain: 'The operator alone, on the reference’s values' },
};

export interface CloseupProps {
  operator: number;
  kind: Kind;
  found: Closeup;
}

/** What is left of digits that a sum of floats has too many of. */
export function short(value: number): number {
  return Number(value.toPrecision(4));
}

/** Places in the picture, in pixels. */
export const FRAME = { height: 240, left: 64, right: 10, top: 10, bottom: 34 };
