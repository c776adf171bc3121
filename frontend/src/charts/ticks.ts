/** Places on an axis that people read easily. */

/** About so many round numbers from low to high. */
export function linearTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const ticks = [];
  // + 0 makes a plain zero of -0.
  for (let i = Math.ceil(low / step - 1e-9) + 0; i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

/** Those that are whole: of places one after the other. */
export function wholeTicks(low: number, high: number, count: number): number[] {
  return linearTicks(low, high, count).filter(Number.isInteger);
}

/** About so many amounts of bytes from 0 on that are round in the unit that they are shown in: KiB, MiB, … */
export function byteTicks(high: number, count: number): number[] {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(high, 1)) / 10));
  return linearTicks(0, high / unit, count)
    .map((tick) => tick * unit)
    .filter(Number.isInteger);
}

/** Powers of ten from low to high, thinned to at most so many. */
export function logTicks(low: number, high: number, most: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks = [];
  for (let power = first; power <= last; power += step) ticks.push(10 ** power);
  return ticks;
}
