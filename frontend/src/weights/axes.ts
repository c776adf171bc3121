/** How a tensor of any rank is laid out as a matrix to be looked at. */

export interface Layout {
  rows: number[];
  columns: number[];
}

/**
 * The axis that output channels most likely lie on: that of the scales where there are several, else the last axis of what
 * has the shape of depthwise weights (1 × height × width × channels), else the first.
 */
export function channelAxis(shape: readonly number[], scales: number | null): number {
  if (scales !== null) return scales;
  return shape.length === 4 && shape[0] === 1 ? 3 : 0;
}

/** A row for each channel, everything else beside each other. */
export function channelRows(shape: readonly number[], channel: number): Layout {
  if (shape.length < 2) return { rows: [], columns: shape.map((_, axis) => axis) };
  return { rows: [channel], columns: shape.map((_, axis) => axis).filter((axis) => axis !== channel) };
}

/** Pictures of height × width below each other, one a channel; null where there are none of more than one value. */
export function filterRows(shape: readonly number[], channel: number): (Layout & { fixed: number[] }) | null {
  const spatial = shape.map((_, axis) => axis).filter((axis) => axis !== channel && shape[axis] > 1);
  if (shape.length < 3 || spatial.length < 2) return null;
  const [height, width] = spatial;
  const fixed = shape.map((_, axis) => axis).filter((axis) => ![channel, height, width].includes(axis));
  return { rows: [channel, height], columns: [width], fixed };
}

/** Axes that are neither rows nor columns. */
export function otherAxes(rank: number, { rows, columns }: Layout): number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter(
    (axis) => !rows.includes(axis) && !columns.includes(axis),
  );
}

/** The place in the tensor of a cell of the matrix, axis by axis. */
export function indexOf(
  shape: readonly number[],
  layout: Layout,
  at: readonly number[],
  row: number,
  column: number,
): number[] {
  const index = shape.map(() => 0);
  for (const [axes, place] of [
    [layout.rows, row],
    [layout.columns, column],
  ] as const) {
    let rest = place;
    for (const axis of [...axes].reverse()) {
      index[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
  }
  for (const [i, axis] of otherAxes(shape.length, layout).entries()) index[axis] = at[i] ?? 0;
  return index;
}
