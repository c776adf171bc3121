/** Profiles for tests, made of a few rows. Only tests import this. */
import { encodeContainer } from '../graph/testing.ts';
import type { Report } from '../wire/report.ts';
import {
  decodeProfileTrace,
  type EventKind,
  type ProfileTrace,
  type TracePartition,
} from '../wire/profile-trace.ts';
import { profileOf, type Profile } from './profile.ts';
import type { Model } from '../wire/model.ts';

export interface Row {
  tag: string;
  kind: EventKind;
  time: number;
  start?: number;
  parent?: number;
  partition?: number;
  operators?: number[];
  cycles?: boolean;
}

export function traceOf(rows: Row[], partitions: TracePartition[] = [], settings: object = {}): ProfileTrace {
  return decodeProfileTrace(traceBytes(rows, partitions, settings));
}

/** A trace as it comes over the wire; times in ns. */
export function traceBytes(
  rows: Row[],
  partitions: TracePartition[] = [],
  settings: object = {},
): ArrayBuffer {
  const kinds: EventKind[] = ['operator', 'delegate', 'kernel', 'invoke', 'runtime'];
  const offsets = [0];
  for (const { operators = [] } of rows) offsets.push(offsets[offsets.length - 1] + operators.length);
  const ints = (value: (row: Row) => number): Int32Array => Int32Array.from(rows, value);
  const floats = (value: (row: Row) => number): Float64Array => Float64Array.from(rows, value);
  const header = {
    environment: { delegates: [], extra: {}, threads: 2 },
    startup: {},
    memory: {},
    settings,
    source: {},
    created: '',
    attribution: '',
    latencyRuns: 3,
    partitions,
    findings: [],
    tags: rows.map(({ tag }) => tag),
    kinds,
    units: ['ns', 'cycles'],
  };
  const columns = {
    latency: Float64Array.of(100, 110, 105),
    profiled: Float64Array.of(200, 210),
    'event.tag': Int32Array.from(rows.keys()),
    'event.kind': ints(({ kind }) => kinds.indexOf(kind)),
    'event.unit': ints(({ cycles }) => (cycles === true ? 1 : 0)),
    'event.subgraph': ints(() => 0),
    'event.node': ints(() => -1),
    'event.partition': ints(({ partition = -1 }) => partition),
    'event.parent': ints(({ parent = -1 }) => parent),
    'event.calls': floats(() => 1),
    'event.start': floats(({ start = -1 }) => start),
    'event.time': floats(({ time }) => time),
    'event.operators.offsets': Int32Array.from(offsets),
    'event.operators': Int32Array.from(rows.flatMap(({ operators = [] }) => operators)),
    'event.confidence': floats(() => 1),
  };
  return encodeContainer(header, columns);
}

/** A profile in which operators take so many µs (NaN: left no row) of `total`. */
export function profileWith(
  self: number[],
  total: number,
  partitions: TracePartition[] = [],
  calls: number[] = [],
): Profile {
  const base = { unit: '1', provenance: 'measured' as const, doc: '', rows: self.length };
  const attributed = self.reduce((sum, us) => sum + (us || 0), 0);
  const report: Report = {
    name: 'profile',
    over: 'operators',
    summary: {
      total_us: total,
      attributed_us: attributed,
      unattributed: { rows: [{ tag: 'Invoke', kind: 'invoke', self_us: 1 }], rows_us: 1, outside_us: 2 },
      overhead_us: 5,
      overhead: 0.1,
    },
    findings: [],
    columns: [
      { ...base, name: 'self_us', unit: 'us', kind: 'quantity', values: Float64Array.from(self) },
      {
        ...base,
        name: 'calls',
        kind: 'quantity',
        values: Float64Array.from(self, (_, operator) => calls[operator] ?? NaN),
      },
      {
        ...base,
        name: 'kernel',
        kind: 'text',
        numbers: null,
        isProse: true,
        textAt: (row) => (Number.isNaN(self[row]) ? null : `kernel ${row}`),
      },
    ],
  };
  return profileOf(traceOf([], partitions), report, { operatorCount: self.length } as Model);
}
