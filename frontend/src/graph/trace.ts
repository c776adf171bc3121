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
