/** Several profiles of one model side by side. */
import { spreadOf, type Spread } from './statistics.ts';
import type { Profile } from './profile.ts';

export interface RunColumn {
  latency: Spread | null;
  /** Median against the first run's; NaN where one of both is not known. */
  ratio: number;
}

export interface OperatorDifference {
  operator: number;
  /** Self time in each run, in µs. */
  self: number[];
  /** Of the last run against the first, in µs and as a ratio. */
  difference: number;
  ratio: number;
}

export function compareRuns(profiles: Profile[]): RunColumn[] {
  const spreads = profiles.map(({ trace }) => spreadOf(trace.latency));
  const base = spreads[0]?.median ?? NaN;
  return spreads.map((latency) => ({ latency, ratio: (latency?.median ?? NaN) / base }));
}

/** Operators by how much the last run differs from the first, the largest difference first. */
export function compareOperators(profiles: Profile[]): OperatorDifference[] {
  if (profiles.length < 2) return [];
  const count = Math.max(...profiles.map(({ self }) => self.length));
  const rows: OperatorDifference[] = [];
  for (let operator = 0; operator < count; operator++) {
    const self = profiles.map((profile) => profile.self[operator]);
    if (self.every((value) => Number.isNaN(value))) continue;
    const [first, last] = [self[0], self[self.length - 1]];
    rows.push({ operator, self, difference: last - first, ratio: last / first });
  }
  const size = ({ difference }: OperatorDifference): number => Math.abs(difference) || 0;
  return rows.sort((a, b) => size(b) - size(a) || a.operator - b.operator);
}
