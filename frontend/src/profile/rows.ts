/** Operators of a profile in the order of their time, and the same gathered by type, layer and partition. */
import type { Hierarchy } from '../graph/hierarchy.ts';
import { operatorTypeName, type Model } from '../wire/model.ts';
import { callsOf, ticksOf, type Profile, type Work } from './profile.ts';

export interface OperatorRow {
  operator: number;
  self: number;
  /** Of the whole inference. */
  share: number;
  /** Its share and that of all that take longer. */
  cumulative: number;
  /** NaN where the work is not known, there is none, or the time is below what the clock can tell. */
  macsPerSecond: number;
  bytesPerSecond: number;
  /** Ticks of the clock that one run of it takes. */
  ticks: number;
}

/** Operators that were timed, the longest first. */
export function operatorRows(profile: Profile, work: Work): OperatorRow[] {
  const timed = [...profile.self.keys()].filter((operator) => !Number.isNaN(profile.self[operator]));
  timed.sort((a, b) => profile.self[b] - profile.self[a] || a - b);
  const calls = callsOf(profile);
  const ticks = ticksOf(profile);
  let sum = 0;
  return timed.map((operator) => {
    const self = profile.self[operator];
    sum += self;
    const perSecond = (amount: number): number =>
      ticks[operator] >= 1 && self > 0 && amount > 0 ? (calls[operator] * amount) / (self / 1e6) : NaN;
    return {
      operator,
      self,
      share: self / profile.total,
      cumulative: sum / profile.total,
      macsPerSecond: perSecond(work.macs[operator]),
      bytesPerSecond: perSecond(work.bytes[operator]),
      ticks: ticks[operator],
    };
  });
}

export interface GroupRow {
  name: string;
  operators: number[];
  /** Of them those that were timed. */
  timed: number;
  self: number;
  share: number;
}

function groupRow(profile: Profile, name: string, operators: number[]): GroupRow {
  const timed = operators.filter((operator) => !Number.isNaN(profile.self[operator]));
  const self = timed.reduce((sum, operator) => sum + profile.self[operator], 0);
  return { name, operators, timed: timed.length, self, share: self / profile.total };
}

export function byType(profile: Profile, model: Model): GroupRow[] {
  const groups = new Map<string, number[]>();
  for (let operator = 0; operator < model.operatorCount; operator++) {
    const type = operatorTypeName(model, operator);
    const group = groups.get(type);
    if (group === undefined) groups.set(type, [operator]);
    else group.push(operator);
  }
  return [...groups]
    .map(([name, operators]) => groupRow(profile, name, operators))
    .sort((a, b) => b.self - a.self || b.operators.length - a.operators.length);
}

/** One row per partition in the order of execution, then what runs in none. */
export function byPartition(profile: Profile): (GroupRow & { partition: number })[] {
  const { partitions } = profile.trace;
  const rows = partitions.map(({ delegate, operators }, partition) => ({
    ...groupRow(profile, `${delegate || 'delegate'} ${partition}`, operators ?? []),
    partition,
  }));
  const rest = [...profile.partition.keys()].filter((operator) => profile.partition[operator] < 0);
  if (rest.length > 0) rows.push({ ...groupRow(profile, 'the runtime’s own kernels', rest), partition: -1 });
  return rows;
}

export interface LayerRow {
  group: number;
  depth: number;
  self: number;
  share: number;
  operators: number;
  hasChildren: boolean;
}

/**
 * Groups of the graph with what their operators take, the longest first at every level.
 *
 * @param open groups whose own groups are listed too
 */
export function byLayer(profile: Profile, hierarchy: Hierarchy, open: ReadonlySet<number>): LayerRow[] {
  const { groups, order } = hierarchy;
  const running = new Float64Array(order.length + 1);
  for (const [at, operator] of order.entries()) running[at + 1] = running[at] + (profile.self[operator] || 0);
  const timeOf = (group: number): number => running[groups[group].end] - running[groups[group].start];
  const childrenOf = (group: number): number[] =>
    groups[group].children
      .filter((child) => child < 0)
      .map((child) => ~child)
      .sort((a, b) => timeOf(b) - timeOf(a) || a - b);
  const tops = groups.filter(({ parent, start, end }) => parent < 0 && end > start).map(({ id }) => id);
  const rows: LayerRow[] = [];
  const pending = tops.sort((a, b) => timeOf(b) - timeOf(a) || a - b).map((group) => ({ group, depth: 0 }));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { group, depth } = next;
    const self = timeOf(group);
    const children = childrenOf(group);
    const operators = groups[group].end - groups[group].start;
    rows.push({
      group,
      depth,
      self,
      share: self / profile.total,
      operators,
      hasChildren: children.length > 0,
    });
    if (open.has(group)) pending.unshift(...children.map((child) => ({ group: child, depth: depth + 1 })));
  }
  return rows;
}
