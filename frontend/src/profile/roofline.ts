/** Operators against what the machine can do: operations per byte, operations per second, and the two ceilings. */
import type { Ceilings } from '../wire/profile-trace.ts';
import { callsOf, ticksOf, type Profile, type Work } from './profile.ts';

/** A multiplication with an addition is two operations, in the ceilings as here. */
const FLOP_PER_MAC = 2;

export interface RooflinePoint {
  operator: number;
  /** FLOP per byte. */
  intensity: number;
  /** FLOP per second. */
  rate: number;
  /** Of the inference, from 0 to 1. */
  share: number;
  /** What of the lower of both ceilings at this place is reached. */
  reached: number;
  bound: 'memory' | 'compute';
  /** Ticks of the clock that one run of it takes. */
  ticks: number;
}

export interface Roofline {
  points: RooflinePoint[];
  /** Operators with work whose time is below what the clock can tell. */
  tooShort: number;
}

/** Operators without multiplications have no place; neither have those that were not timed. */
export function rooflineOf(profile: Profile, work: Work, ceilings: Ceilings): Roofline {
  const points: RooflinePoint[] = [];
  let tooShort = 0;
  const ticks = ticksOf(profile);
  const calls = callsOf(profile);
  for (const [operator, self] of profile.self.entries()) {
    const flop = FLOP_PER_MAC * work.macs[operator];
    const bytes = work.bytes[operator];
    if (!(self >= 0) || !(flop > 0) || !(bytes > 0)) continue;
    if (self === 0 || ticks[operator] < 1) {
      tooShort++;
      continue;
    }
    const intensity = flop / bytes;
    const rate = (calls[operator] * flop) / (self / 1e6);
    const roof = Math.min(ceilings.flop_per_s, intensity * ceilings.bytes_per_s);
    points.push({
      operator,
      intensity,
      rate,
      share: self / profile.total,
      reached: rate / roof,
      bound: intensity < ridge(ceilings) ? 'memory' : 'compute',
      ticks: ticks[operator],
    });
  }
  return { points, tooShort };
}

/** Operations per byte where both ceilings meet. */
export function ridge({ flop_per_s: flop, bytes_per_s: bytes }: Ceilings): number {
  return flop / bytes;
}
