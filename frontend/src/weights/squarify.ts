/** Rectangles in a rectangle, each as large as its share and as near to a square as can be (Bruls, Huizing, van Wijk 2000). */

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A rectangle for each size, which are greater than 0 and descending. */
export function squarify(sizes: readonly number[], area: Rect): Rect[] {
  const scale = (area.width * area.height) / sizes.reduce((sum, size) => sum + size, 0);
  const rects: Rect[] = [];
  let free = area;
  for (let from = 0; from < sizes.length;) {
    const short = Math.min(free.width, free.height);
    let to = from + 1;
    let sum = sizes[from] * scale;
    // A strip along the short side takes one more as long as its worst proportion gets better.
    while (to < sizes.length) {
      const more = sum + sizes[to] * scale;
      const before = worst(sizes[from] * scale, sizes[to - 1] * scale, sum, short);
      if (worst(sizes[from] * scale, sizes[to] * scale, more, short) > before) break;
      sum = more;
      to++;
    }
    free = addStrip(sizes.slice(from, to), sum, scale, free, rects);
    from = to;
  }
  return rects;
}

/** The proportion, 1 or more, of the most stretched rectangle of a strip with these sizes in it. */
function worst(largest: number, smallest: number, sum: number, side: number): number {
  const thickness = sum / side;
  return Math.max(largest / thickness / thickness, (thickness * thickness) / smallest);
}

function addStrip(sizes: number[], sum: number, scale: number, free: Rect, rects: Rect[]): Rect {
  const isWide = free.width >= free.height;
  const thickness = sum / (isWide ? free.height : free.width);
  let at = isWide ? free.y : free.x;
  for (const size of sizes) {
    const length = (size * scale) / thickness;
    rects.push(
      isWide
        ? { x: free.x, y: at, width: thickness, height: length }
        : { x: at, y: free.y, width: length, height: thickness },
    );
    at += length;
  }
  return isWide
    ? { ...free, x: free.x + thickness, width: Math.max(free.width - thickness, 0) }
    : { ...free, y: free.y + thickness, height: Math.max(free.height - thickness, 0) };
}
