/** A trace from the server: what was timed in a run, as tb_tflite_plugin/wire_trace.py encodes it. */
import { decodeContainer, type Column } from './container.ts';
import type { Csr } from './csr.ts';
import type { Finding } from './model.ts';

export interface Environment {
  device: string | null;
  cpu: string | null;
  cores: number | null;
  os: string | null;
  runtime: string | null;
  runtime_version: string | null;
  kernels: string | null;
  delegates: string[];
  threads: number | null;
  clock_ns: number | null;
  extra: Record<string, string>;
}

/** What a machine can do at best, as runtime/ceilings.py measures it. */
export interface Ceilings {
  flop_per_s: number;
  bytes_per_s: number;
  threads: number;
  how: string;
}

export interface TracePartition {
  subgraph: number;
  node: number;
  delegate: string;
  /** Global ids in the order of the runtime; null where not known. */
  operators: number[] | null;
}

export type EventKind = 'operator' | 'delegate' | 'kernel' | 'invoke' | 'runtime';

/** One row per place in the run. Numbers are -1 where not known, times NaN. */
export interface TraceEvents {
  count: number;
  tag: (row: number) => string;
  kind: (row: number) => EventKind;
  /** Whether its time counts cycles and not nanoseconds. */
  inCycles: (row: number) => boolean;
  subgraph: Int32Array;
  node: Int32Array;
  partition: Int32Array;
  /** The row that contains it; it comes earlier. */
  parent: Int32Array;
  calls: Float64Array;
  /** ns from the start of the first inference. */
  start: Float64Array;
  /** What it takes in an inference with all that it contains. */
  time: Float64Array;
  operators: Csr;
  confidence: Float64Array;
}

export interface ProfileTrace {
  environment: Environment;
  startup: Partial<Record<'load_ns' | 'compile_ns' | 'first_inference_ns', number>>;
  memory: Partial<Record<string, number>>;
  settings: Record<string, unknown>;
  ceilings: Ceilings | null;
  source: Record<string, unknown>;
  created: string;
  attribution: string;
  partitions: TracePartition[];
  findings: Finding[];
  /** Whole inferences in ns in the order in which they ran, without and with the profiler; thinned where very many. */
  latency: Float64Array;
  profiled: Float64Array;
  latencyRuns: number;
  events: TraceEvents;
}

interface Header {
  environment: Environment;
  startup: ProfileTrace['startup'];
  memory: ProfileTrace['memory'];
  settings: Record<string, unknown>;
  source: Record<string, unknown>;
  created: string;
  attribution: string;
  latencyRuns: number;
  partitions: TracePartition[];
  findings: Finding[];
  tags: string[];
  kinds: EventKind[];
  units: string[];
}

export function decodeProfileTrace(buffer: ArrayBuffer): ProfileTrace {
  const { header, columns } = decodeContainer<Header>(buffer);
  const { tags, kinds, units, ...rest } = header;
  return {
    ...rest,
    ceilings: ceilingsOf(header.settings.ceilings),
    latency: numbers(columns.get('latency')),
    profiled: numbers(columns.get('profiled')),
    events: eventsOf(columns, tags, kinds, units),
  };
}

function eventsOf(
  columns: Map<string, Column>,
  tags: string[],
  kinds: EventKind[],
  units: string[],
): TraceEvents {
  const ints = (name: string): Int32Array => Int32Array.from(columns.get(`event.${name}`) ?? []);
  const floats = (name: string): Float64Array => numbers(columns.get(`event.${name}`));
  const [tag, kind, unit] = ['tag', 'kind', 'unit'].map(ints);
  const cycles = units.indexOf('cycles');
  return {
    count: tag.length,
    tag: (row) => tags[tag[row]],
    kind: (row) => kinds[kind[row]],
    inCycles: (row) => unit[row] === cycles,
    subgraph: ints('subgraph'),
    node: ints('node'),
    partition: ints('partition'),
    parent: ints('parent'),
    calls: floats('calls'),
    start: floats('start'),
    time: floats('time'),
    operators: { offsets: ints('operators.offsets'), values: ints('operators') },
    confidence: floats('confidence'),
  };
}

function numbers(column: Column | undefined): Float64Array {
  return Float64Array.from(column ?? []);
}

/** Settings come from a file that anybody can make: ceilings are believed when they are numbers above 0. */
function ceilingsOf(value: unknown): Ceilings | null {
  const found = value as Partial<Ceilings> | null | undefined;
  const isRate = (rate: unknown): boolean => typeof rate === 'number' && Number.isFinite(rate) && rate > 0;
  if (found == null || !isRate(found.flop_per_s) || !isRate(found.bytes_per_s)) return null;
  return {
    flop_per_s: found.flop_per_s!,
    bytes_per_s: found.bytes_per_s!,
    threads: typeof found.threads === 'number' ? found.threads : 1,
    how: typeof found.how === 'string' ? found.how : '',
  };
}
