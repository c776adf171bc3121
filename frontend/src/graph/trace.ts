/** Traces a line of the scene into a path: curves between ranks, rounded corners where it goes around a column. */

export interface PathSink {
  moveTo: (x: number, y: number) => void;
  lineTo: (x: number, y: number) => void;
  bezierCurveTo: (ax: number, ay: number, bx: number, by: number, x: number, y: number) => void;
  arcTo: (ax: number, ay: number, bx: number, by: number, radius: number) => void;
}

const CORNER = 6;

export function traceLine(path: PathSink, points: Float64Array, start: number, end: number): void {
  path.moveTo(points[start], points[start + 1]);
  for (let i = start + 2; i < end; i += 2) {
    const [x0, y0, x1, y1] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
    if (x0 !== x1 && y0 !== y1) {
      const middle = (y0 + y1) / 2;
      path.bezierCurveTo(x0, middle, x1, middle, x1, y1);
    } else if (i + 2 < end && isCorner(x0, y0, x1, y1, points[i + 2], points[i + 3])) {
      path.arcTo(x1, y1, points[i + 2], points[i + 3], CORNER);
    } else path.lineTo(x1, y1);
  }
}

/** From far away a curve looks like its chords, and these cost a fraction. */
export function traceStraight(path: PathSink, points: Float64Array, start: number, end: number): void {
  path.moveTo(points[start], points[start + 1]);
  for (let i = start + 2; i < end; i += 2) path.lineTo(points[i], points[i + 1]);
}

function isCorner(x0: number, y0: number, x1: number, y1: number, x2: number, y2: number): boolean {
  const turnsUp = y0 === y1 && x1 === x2;
  const turnsAside = x0 === x1 && y1 === y2;
  return (
    (turnsUp || turnsAside) &&
    Math.hypot(x1 - x0, y1 - y0) >= CORNER &&
    Math.hypot(x2 - x1, y2 - y1) >= CORNER
  );
}

/** Pieces that a curve is taken as when its distance is wanted. */
const PIECES = 8;

/** How far a point is from a line as it is traced. */
export function distanceToLine(
  points: Float64Array,
  start: number,
  end: number,
  x: number,
  y: number,
): number {
  let least = Infinity;
  for (let i = start + 2; i < end; i += 2) {
    const [x0, y0, x1, y1] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
    const pieces = x0 !== x1 && y0 !== y1 ? PIECES : 1;
    for (let piece = 0; piece < pieces; piece++) {
      const [ax, ay] = onCurve(x0, y0, x1, y1, piece / pieces, pieces);
      const [bx, by] = onCurve(x0, y0, x1, y1, (piece + 1) / pieces, pieces);
      least = Math.min(least, distanceToSegment(ax, ay, bx, by, x, y));
    }
  }
  return least;
}

/** The point of a curve between two ranks at t; with one piece, of the straight line. */
function onCurve(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  t: number,
  pieces: number,
): [number, number] {
  if (pieces === 1) return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t];
  const across = t * t * (3 - 2 * t);
  const along = (1 - t) * (1 - t) * (1 - t) * y0 + 1.5 * (1 - t) * t * (y0 + y1) + t * t * t * y1;
  return [x0 + (x1 - x0) * across, along];
}

function distanceToSegment(ax: number, ay: number, bx: number, by: number, x: number, y: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const t = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / squared));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
