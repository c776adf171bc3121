/** The order of figures of which some are not known. */

/** Compares two figures for sorting, upwards or downwards; one that is not known (NaN) stands last, whichever way. */
export function compareFigures(a: number, b: number, up: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b === up ? -1 : 1;
}
