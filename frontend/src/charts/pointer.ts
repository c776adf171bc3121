/** Where in a chart the pointer is. */

/** Of an event, what says where the pointer is on the element that handles it. */
export interface PointerAt {
  clientX: number;
  currentTarget: EventTarget | null;
}

/**
 * Which of some equal places the pointer is at, null beside them.
 *
 * @param left pixels from the left edge of the element to the first place
 * @param length pixels that all places take
 */
export function placeAt(event: PointerAt, left: number, length: number, count: number): number | null {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  const place = Math.floor(((event.clientX - box.left - left) * count) / length);
  return place >= 0 && place < count ? place : null;
}
