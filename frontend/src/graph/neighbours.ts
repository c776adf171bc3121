/** Which box an arrow key leads to. */
import type { Scene } from './scene.ts';
import { isOpen } from './scene.ts';

export type Direction = 'up' | 'down' | 'left' | 'right';

/** Up and down follow the lines, to the nearest where there are several; left and right go to the box beside. */
export function neighbour(scene: Scene, box: number, direction: Direction): number {
  if (direction === 'up' || direction === 'down') {
    const along = alongLines(scene, box, direction);
    if (along >= 0) return along;
  }
  return nearest(scene, box, direction);
}

function alongLines(scene: Scene, box: number, direction: 'up' | 'down'): number {
  const { lines, boxes } = scene;
  const { x, y, width } = boxes;
  const distance = (other: number): number =>
    Math.abs(x[other] + width[other] / 2 - x[box] - width[box] / 2) + Math.abs(y[other] - y[box]);
  let best = -1;
  for (let i = 0; i < lines.from.length; i++) {
    const here = direction === 'down' ? lines.from[i] : lines.to[i];
    const there = direction === 'down' ? lines.to[i] : lines.from[i];
    if (here !== box || there === box || boxes.parent[box] === there) continue;
    if (best < 0 || distance(there) < distance(best)) best = there;
  }
  return best < 0 ? -1 : innermost(scene, best, direction);
}

/** Into an open group: its first box going down, its last going up. */
function innermost(scene: Scene, box: number, direction: 'up' | 'down'): number {
  const { boxes } = scene;
  let at = box;
  while (isOpen(boxes.kind[at])) {
    let inner = -1;
    for (let i = at + 1; i < boxes.kind.length; i++) {
      if (boxes.parent[i] !== at) continue;
      const further =
        inner >= 0 && (direction === 'down' ? boxes.y[i] < boxes.y[inner] : boxes.y[i] > boxes.y[inner]);
      if (inner < 0 || further) inner = i;
    }
    if (inner < 0) return at;
    at = inner;
  }
  return at;
}

function nearest(scene: Scene, box: number, direction: Direction): number {
  const { boxes } = scene;
  const cx = boxes.x[box] + boxes.width[box] / 2;
  const cy = boxes.y[box] + boxes.height[box] / 2;
  const along = direction === 'left' || direction === 'right';
  const sign = direction === 'left' || direction === 'up' ? -1 : 1;
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < boxes.kind.length; i++) {
    if (i === box || isOpen(boxes.kind[i])) continue;
    const dx = boxes.x[i] + boxes.width[i] / 2 - cx;
    const dy = boxes.y[i] + boxes.height[i] / 2 - cy;
    const forward = sign * (along ? dx : dy);
    const aside = Math.abs(along ? dy : dx);
    if (forward <= 1 || forward < aside / 2) continue;
    const cost = forward + 3 * aside;
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  return best;
}

/** Where to begin: the box at the top left. */
export function firstBox(scene: Scene): number {
  const { kind, x, y } = scene.boxes;
  let best = -1;
  for (let i = 0; i < kind.length; i++)
    if (!isOpen(kind[i]) && (best < 0 || x[i] + y[i] < x[best] + y[best])) best = i;
  return best;
}
