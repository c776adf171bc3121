/** A plan as outlines: many thousand buffers are a few paths, not as many elements. */
import type { ArenaView, MemoryPlan } from './plan.ts';

/** Pixels by step and by byte. */
export interface Frame {
  x: (step: number) => number;
  y: (offset: number) => number;
  left: number;
  right: number;
}

/** Rectangles of the buffers by group, each group one path. Those of less than a pixel are drawn once per pixel. */
export function rectangles<Key>(
  plan: MemoryPlan,
  { rows }: ArenaView,
  frame: Frame,
  groupOf: (row: number) => Key,
): Map<Key, string> {
  const paths = new Map<Key, string[]>();
  const seen = new Set<number>();
  for (const row of rows) {
    const begin = Math.max(frame.x(plan.first[row]), frame.left);
    const end = Math.min(frame.x(plan.last[row] + 1), frame.right);
    if (end <= begin) continue;
    const low = frame.y(plan.offset[row]);
    const high = frame.y(plan.offset[row] + plan.bytes[row]);
    if (end - begin < 1.5 && low - high < 1.5) {
      const pixel = Math.floor(begin) * 65_536 + Math.floor(high);
      if (seen.has(pixel)) continue;
      seen.add(pixel);
    }
    const key = groupOf(row);
    let path = paths.get(key);
    if (path === undefined) paths.set(key, (path = []));
    path.push(rectangle(begin, high, Math.max(end - begin, 0.7), Math.max(low - high, 0.7)));
  }
  return new Map(Array.from(paths, ([key, parts]) => [key, parts.join('')]));
}

export function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${digits(x)} ${digits(y)}h${digits(width)}v${digits(height)}h${digits(-width)}z`;
}

/** The area under the bytes alive; where a pixel has several steps, the most of them. */
export function liveArea({ live, from }: ArenaView, frame: Frame): string {
  const base = digits(frame.y(0));
  const parts: string[] = [];
  let pixel = -1;
  let most = 0;
  const put = (x: number, end: number, value: number): void => {
    const [begin, stop] = [Math.max(x, frame.left), Math.min(end, frame.right)];
    if (stop <= begin) return;
    const high = digits(frame.y(value));
    parts.push(
      `${parts.length === 0 ? `M${digits(begin)} ${base}` : ''}L${digits(begin)} ${high}H${digits(stop)}`,
    );
  };
  const width = frame.x(1) - frame.x(0);
  for (let step = 0; step < live.length; step++) {
    const x = frame.x(from + step);
    if (width >= 1) put(x, x + width, live[step]);
    else {
      const at = Math.floor(x);
      if (at !== pixel && pixel >= 0) put(pixel, pixel + 1, most);
      most = at === pixel ? Math.max(most, live[step]) : live[step];
      pixel = at;
    }
  }
  if (width < 1 && pixel >= 0) put(pixel, pixel + 1, most);
  return parts.length === 0 ? '' : `${parts.join('')}V${base}Z`;
}

function digits(value: number): string {
  return String(Math.round(value * 10) / 10);
}
