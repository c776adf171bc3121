/** What can be said of repeated timings: figures that outliers do not move. */

export interface Spread {
  count: number;
  median: number;
  p5: number;
  p95: number;
  /** Median of the distances from the median. */
  mad: number;
  /** How much slower the last quarter was than the first, as a share; null for few samples. */
  drift: number | null;
}

/** Samples of a quarter below which nothing is said of a drift; as runtime/steady.py has it. */
const FEWEST = 8;

export function spreadOf(samples: Float64Array): Spread | null {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted();
  const median = quantile(sorted, 0.5);
  const distances = samples.map((sample) => Math.abs(sample - median)).sort();
  return {
    count: samples.length,
    median,
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    mad: quantile(distances, 0.5),
    drift: driftOf(samples),
  };
}

/** Between the samples next to the place, as numpy does it. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

function driftOf(samples: Float64Array): number | null {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < FEWEST) return null;
  const first = quantile(samples.slice(0, quarter).sort(), 0.5);
  const last = quantile(samples.slice(-quarter).sort(), 0.5);
  return last / Math.max(first, 1) - 1;
}

export interface Histogram {
  /** The counted range: from the least sample to the fence, or to the greatest where that is nearer. */
  low: number;
  high: number;
  counts: Int32Array;
  /** Samples beyond the range. */
  above: number;
}

/** Counts in equal parts up to the fence: what lies beyond would squeeze all others into one bar. */
export function histogramOf(samples: Float64Array, bins: number): Histogram {
  const sorted = samples.toSorted();
  const [low, high] = sorted.length === 0 ? [0, 1] : [sorted[0], fenceOf(sorted)];
  const width = (high - low) / bins || 1;
  const counts = new Int32Array(bins);
  let above = 0;
  for (const sample of samples) {
    if (sample > high) above++;
    else counts[Math.min(bins - 1, Math.floor((sample - low) / width))]++;
  }
  return { low, high, counts, above };
}

/** Widths of the middle half beyond its end from which on a sample is far out (Tukey 1977). */
const FAR_OUT = 3;

/** The greatest sample that is not far out. */
export function fenceOf(sorted: Float64Array): number {
  const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const fence = upper + FAR_OUT * (upper - lower);
  return sorted.findLast((sample) => sample <= fence) ?? fence;
}

export interface Band {
  low: Float64Array;
  median: Float64Array;
  high: Float64Array;
  /** The sample that each column begins with. */
  first: Int32Array;
}

/** Samples in their order, gathered into at most so many columns: what a strip can show. */
export function bandOf(samples: Float64Array, columns: number): Band {
  const count = Math.min(columns, samples.length);
  const band = {
    low: new Float64Array(count),
    median: new Float64Array(count),
    high: new Float64Array(count),
    first: new Int32Array(count),
  };
  for (let column = 0; column < count; column++) {
    const from = Math.floor((column * samples.length) / count);
    const part = samples.slice(from, Math.floor(((column + 1) * samples.length) / count)).sort();
    band.low[column] = part[0];
    band.median[column] = quantile(part, 0.5);
    band.high[column] = part[part.length - 1];
    band.first[column] = from;
  }
  return band;
}
