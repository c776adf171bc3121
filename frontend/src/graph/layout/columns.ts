/**
 * Breaks a tall, narrow drawing into columns, as a newspaper does: read from top to bottom, then the next column. Breaks
 * stand where few lines cross.
 */

export interface Columns {
  /** Column of every rank. */
  column: Int32Array;
  /** What to add to the coordinates of what stands in each rank. */
  dx: Float64Array;
  dy: Float64Array;
  /** Per column: its left and right side after the shift, and the height of what stands in it. */
  left: Float64Array;
  right: Float64Array;
  height: Float64Array;
  /** Lines over each break, from column c - 1 to c. */
  crossing: Int32Array;
  /** Room kept above and below all columns for the lines that go around. */
  margin: number;
  width: number;
  total: number;
}

export const LANE = 7;
const GAP = 34;
/** Drawings lower than this stay one column. */
const TALL = 1000;
const ASPECT = 1.5;
/** The tallest column may have this share of the height; where one box has most of it, columns gain nothing. */
const WORTHWHILE = 0.75;

/**
 * @param top,bottom extent of every rank, downwards
 * @param left,right extent of what stands in every rank
 * @param crossing lines between each rank and the next
 * @param several whether there may be more than one column
 */
export function breakColumns(
  top: Float64Array,
  bottom: Float64Array,
  left: Float64Array,
  right: Float64Array,
  crossing: Int32Array,
  several: boolean,
): Columns {
  const ranks = top.length;
  const column = new Int32Array(ranks);
  const starts = several ? chooseStarts(top, bottom, left, right, crossing) : ranks > 0 ? [0] : [];
  for (let c = 1; c < starts.length; c++) column.fill(c, starts[c]);
  const count = starts.length;
  const result: Columns = {
    column,
    dx: new Float64Array(ranks),
    dy: new Float64Array(ranks),
    left: new Float64Array(count).fill(Infinity),
    right: new Float64Array(count).fill(-Infinity),
    height: new Float64Array(count),
    crossing: Int32Array.from(starts, (start) => (start > 0 ? crossing[start - 1] : 0)),
    margin: 0,
    width: 0,
    total: 0,
  };
  const most = result.crossing.reduce((a, b) => Math.max(a, b), 0);
  result.margin = most > 0 ? 12 + most * LANE : 0;
  for (let r = 0; r < ranks; r++) {
    const c = column[r];
    result.left[c] = Math.min(result.left[c], left[r]);
    result.right[c] = Math.max(result.right[c], right[r]);
    result.height[c] = bottom[r] - top[starts[c]];
  }
  let at = 0;
  for (let c = 0; c < count; c++) {
    at += c > 0 ? GAP + result.crossing[c] * LANE : 0;
    const shift = at - result.left[c];
    const last = c + 1 < count ? starts[c + 1] : ranks;
    result.dx.fill(shift, starts[c], last);
    result.dy.fill(result.margin - (ranks > 0 ? top[starts[c]] : 0), starts[c], last);
    result.left[c] += shift;
    result.right[c] += shift;
    at = result.right[c];
  }
  result.width = at;
  result.total = result.height.reduce((a, b) => Math.max(a, b), 0) + 2 * result.margin;
  return result;
}

/** The first rank of every column. */
function chooseStarts(
  top: Float64Array,
  bottom: Float64Array,
  left: Float64Array,
  right: Float64Array,
  crossing: Int32Array,
): number[] {
  const ranks = top.length;
  if (ranks === 0) return [];
  const height = bottom[ranks - 1];
  let width = 0;
  for (let r = 0; r < ranks; r++) width = Math.max(width, right[r] - left[r]);
  const count = height < TALL ? 1 : Math.round(Math.sqrt((ASPECT * height) / (width + GAP)));
  const starts = [0];
  if (count < 2) return starts;
  const even = height / count;
  for (let c = 1; c < count; c++) {
    const due = c * even;
    let best = starts[starts.length - 1] + 1;
    for (let r = best + 1; r < ranks; r++) if (cost(r, due, even) < cost(best, due, even)) best = r;
    if (best < ranks && top[best] > due - 0.75 * even) starts.push(best);
  }
  const ends = [...starts.slice(1), ranks];
  const tallest = starts.reduce((most, start, c) => Math.max(most, bottom[ends[c] - 1] - top[start]), 0);
  return tallest <= WORTHWHILE * height ? starts : [0];

  function cost(r: number, due: number, even: number): number {
    const away = Math.abs(top[r] - due) / even;
    return crossing[r - 1] + (away < 0.25 ? away : 20 * away);
  }
}
