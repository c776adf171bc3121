/** Places of a chart, side by side: which one the pointer is at, and which one a key leads to. */

/** Of an event, what says where the pointer is on the element that handles it. */
interface PointerAt {
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

/** Where arrows, Home and End lead to from a place, -1 while there is none; null after other keys. */
export function placeAfter(key: string, place: number, count: number): number | null {
  const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: count - 1 }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), count - 1);
}
