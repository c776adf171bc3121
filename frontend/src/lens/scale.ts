/** One perceptually even scale for quantities, dark blue over grey to yellow: readable with colour-vision deficiency. */

// Anchors of cividis (Nuñez, Anderton, Renslow 2018, PLoS ONE 13(7)), evenly spaced.
const ANCHORS: [number, number, number][] = [
  [0, 32, 77],
  [0, 54, 112],
  [59, 77, 108],
  [92, 97, 110],
  [122, 119, 121],
  [153, 142, 119],
  [187, 166, 107],
  [223, 193, 87],
  [255, 234, 70],
];

export const STEPS = 24;

export interface StepColors {
  strong: string;
  tint: string;
}

/** The steps of the scale: full colours, and tints that text stands on. On dark ground it runs the other way round. */
export function scaleColors(dark: boolean): StepColors[] {
  return Array.from({ length: STEPS }, (_, step) => {
    const t = step / (STEPS - 1);
    const color = at(dark ? 0.12 + 0.88 * t : 1 - 0.95 * t);
    const ground: [number, number, number] = dark ? [29, 35, 44] : [255, 255, 255];
    return { strong: css(color), tint: css(mix(ground, color, dark ? 0.45 : 0.4)) };
  });
}

function at(t: number): [number, number, number] {
  const place = Math.min(Math.max(t, 0), 1) * (ANCHORS.length - 1);
  const low = Math.min(Math.floor(place), ANCHORS.length - 2);
  return mix(ANCHORS[low], ANCHORS[low + 1], place - low);
}

function mix(a: [number, number, number], b: [number, number, number], t: number): [number, number, number] {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function css([r, g, b]: [number, number, number]): string {
  return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`;
}

export interface Scale {
  low: number;
  high: number;
  log: boolean;
}

/**
 * Spans the values. What `log` leaves open (null) is logarithmic when no value is negative and they are more than two orders of
 * magnitude apart. A logarithmic scale begins at the least positive value; what is not positive has no place on it.
 */
export function scaleOf(values: Float64Array, log: boolean | null = null): Scale {
  let low = Infinity;
  let high = -Infinity;
  let leastPositive = Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > 0) leastPositive = Math.min(leastPositive, value);
  }
  if (low > high) return { low: 0, high: 1, log: false };
  const isLog = leastPositive < Infinity && (log ?? (low >= 0 && high / leastPositive > 100));
  return { low: isLog ? leastPositive : low, high, log: isLog };
}

/** Whether a value has no place on the scale: zero and less on a logarithmic one. */
export function isOff({ log }: Scale, value: number): boolean {
  return log && value <= 0;
}

/** Where a value lies on the scale, 0 to 1; what lies outside is clamped. */
export function position(scale: Scale, value: number): number {
  const { low, high, log } = scale;
  if (high <= low) return value >= high ? 1 : 0;
  const t = log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.min(Math.max(t, 0), 1);
}

export function stepOf(scale: Scale, value: number): number {
  return Math.round(position(scale, value) * (STEPS - 1));
}

/** The value at a place of the scale. */
export function valueAt(scale: Scale, t: number): number {
  const { low, high, log } = scale;
  return log ? low * (high / low) ** t : low + (high - low) * t;
}

/** How many values lie in each of equal parts of the scale, those that have no place on it not counted. */
export function histogram(scale: Scale, values: Float64Array, bins: number): Int32Array {
  const counts = new Int32Array(bins);
  for (const value of values)
    if (Number.isFinite(value) && !isOff(scale, value))
      counts[Math.min(bins - 1, Math.floor(position(scale, value) * bins))]++;
  return counts;
}
