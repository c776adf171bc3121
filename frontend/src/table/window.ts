/** Which rows of a long list are in sight: fixed heights make it arithmetic. */

export interface Window {
  /** Rows first .. end) are to be in the document. */
  first: number;
  end: number;
}

/** Rows beyond both edges, so that a small scroll finds them there. */
const MARGIN = 8;

export function windowOf(scrollTop: number, height: number, rowHeight: number, rows: number): Window {
  const first = Math.floor(scrollTop / rowHeight) - MARGIN;
  const end = Math.ceil((scrollTop + height) / rowHeight) + MARGIN;
  const clamped = Math.max(0, Math.min(first, rows - 1));
  return { first: clamped, end: Math.max(clamped, Math.min(end, rows)) };
}

/** Where to scroll for a row to be in sight: not at all when it is, else the least; to the middle when it is far away. */
export function scrollTo(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  const bottom = top + rowHeight;
  if (top >= scrollTop && bottom <= scrollTop + height) return scrollTop;
  const isFar = bottom < scrollTop - height || top > scrollTop + 2 * height;
  if (isFar) return Math.max(0, top - (height - rowHeight) / 2);
  return top < scrollTop ? top : bottom - height;
}

/** The row that a key leads to; null for keys that do not move. */
export function moved(key: string, row: number, rows: number, page: number): number | null {
  const steps: Partial<Record<string, number>> = {
    ArrowUp: row - 1,
    ArrowDown: row + 1,
    PageUp: row - page,
    PageDown: row + page,
    Home: 0,
    End: rows - 1,
  };
  const next = steps[key];
  return next === undefined || rows === 0 ? null : Math.max(0, Math.min(next, rows - 1));
}
