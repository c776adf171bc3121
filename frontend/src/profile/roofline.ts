/** Operators against what the machine can do: operations per byte, operations per second, and the two ceilings. */
import type { Ceilings } from '../wire/profile-trace.ts';
import { callsOf, type Profile, type Work } from './profile.ts';

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
}

/** Operators without multiplications have no place; neither have those that were not timed. */
export function rooflinePoints(profile: Profile, work: Work, ceilings: Ceilings): RooflinePoint[] {
  const points: RooflinePoint[] = [];
  const calls = callsOf(profile);
  for (const [operator, self] of profile.self.entries()) {
    const flop = FLOP_PER_MAC * work.macs[operator];
    const bytes = work.bytes[operator];
    if (!(self > 0) || !(flop > 0) || !(bytes > 0)) continue;
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
    });
  }
  return points;
}

/** Operations per byte where both ceilings meet. */
export function ridge({ flop_per_s: flop, bytes_per_s: bytes }: Ceilings): number {
  return flop / bytes;
}
