/** The part of an axis that is seen, and what keys, wheel and pointer make of it. */

export interface Window {
  from: number;
  to: number;
}

/** Below a millionth of the whole nothing more is to be seen: clocks count whole nanoseconds at best. */
const MOST_ZOOM = 1e6;

export function fitted(length: number): Window {
  return { from: 0, to: length };
}

/** @param at the place that stays where it is, 0 to 1 from the left */
export function zoomed({ from, to }: Window, factor: number, at: number, length: number): Window {
  const width = Math.min(Math.max((to - from) / factor, length / MOST_ZOOM), length);
  const fixed = from + (to - from) * at;
  return within(fixed - width * at, width, length);
}

/** @param share by how much of what is seen */
export function panned({ from, to }: Window, share: number, length: number): Window {
  return within(from + (to - from) * share, to - from, length);
}

/**
 * After a key: plus and minus zoom, zero shows all; null after any other.
 *
 * @param at the place that plus brings closer, 0 to 1 from the left
 */
export function keyed(window: Window, key: string, at: number, length: number): Window | null {
  if (key === '+' || key === '=') return zoomed(window, 2, at, length);
  if (key === '-') return zoomed(window, 0.5, 0.5, length);
  return key === '0' ? fitted(length) : null;
}

/** After the wheel was turned by so many pixels. @param at the place that stays where it is, as the pointer tells it */
export function wheeled(window: Window, pixels: number, at: number, length: number): Window {
  return zoomed(window, Math.exp(-pixels / 300), Math.min(Math.max(at, 0), 1), length);
}

function within(from: number, width: number, length: number): Window {
  const start = Math.min(Math.max(from, 0), length - width);
  return { from: start, to: start + width };
}
