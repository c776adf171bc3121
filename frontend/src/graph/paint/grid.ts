/** Rectangles by the square cells that they lie in, so that one looks only at those near a place. */

/** A rectangle by its middle. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** About the size of a box. */
const CELL = 128;
/** More rows of cells than any scene has. */
const ROWS = 2 ** 25;

export class Grid {
  private readonly cells = new Map<number, Place[]>();

  add(place: Place): void {
    for (const key of cellsOf(place)) {
      const cell = this.cells.get(key);
      if (cell === undefined) this.cells.set(key, [place]);
      else cell.push(place);
    }
  }

  /** Whether a rectangle shares room with any of them. */
  hits(place: Place): boolean {
    for (const key of cellsOf(place))
      if (this.cells.get(key)?.some((other) => overlap(other, place)) === true) return true;
    return false;
  }
}

function* cellsOf({ x, y, width, height }: Place): Generator<number> {
  const bottom = Math.floor((y + height / 2) / CELL);
  const right = Math.floor((x + width / 2) / CELL);
  for (let column = Math.floor((x - width / 2) / CELL); column <= right; column++)
    for (let row = Math.floor((y - height / 2) / CELL); row <= bottom; row++) yield column * ROWS + row;
}

export function overlap(a: Place, b: Place): boolean {
  return 2 * Math.abs(a.x - b.x) < a.width + b.width && 2 * Math.abs(a.y - b.y) < a.height + b.height;
}
