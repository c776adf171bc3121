/** A profile as the views read it: times of operators from its report, what is in no operator, and the trace. */
import type { Model } from '../wire/model.ts';
import { quantityOf, type Report } from '../wire/report.ts';
import type { ProfileTrace } from '../wire/profile-trace.ts';

export interface UnattributedRow {
  tag: string;
  kind: string;
  self_us: number;
}

export interface Profile {
  trace: ProfileTrace;
  report: Report;
  /** By operator, in µs and without subgraphs that it calls; NaN where nothing was timed. */
  self: Float64Array;
  /** By operator; empty where it left no row. */
  kernel: (operator: number) => string;
  /** By operator, row in the trace's partitions; -1 for none. */
  partition: Int32Array;
  confidence: Float64Array;
  /** An inference with the profiler, in µs; what operators have of it; rows that belong to none; in no row. */
  total: number;
  attributed: number;
  unattributedRows: UnattributedRow[];
  rowsUs: number;
  outsideUs: number;
  /** How much longer an inference takes with the profiler, in µs and as a share; null where not known. */
  overheadUs: number | null;
  overhead: number | null;
}

interface Summary {
  total_us?: number | null;
  attributed_us?: number;
  unattributed?: { rows?: UnattributedRow[]; rows_us?: number; outside_us?: number | null };
  overhead_us?: number | null;
  overhead?: number | null;
}

export function profileOf(trace: ProfileTrace, report: Report, model: Model): Profile {
  const summary = report.summary as Summary;
  const kernels = report.columns.find(({ name }) => name === 'kernel');
  const attributed = summary.attributed_us ?? 0;
  return {
    trace,
    report,
    self: quantityOf(report, 'self_us', model.operatorCount),
    kernel: (operator) => (kernels?.kind === 'text' ? (kernels.textAt(operator) ?? '') : ''),
    partition: partitionOf(trace, model.operatorCount),
    confidence: quantityOf(report, 'confidence', model.operatorCount),
    total: summary.total_us ?? attributed,
    attributed,
    unattributedRows: summary.unattributed?.rows ?? [],
    rowsUs: summary.unattributed?.rows_us ?? 0,
    outsideUs: summary.unattributed?.outside_us ?? 0,
    overheadUs: summary.overhead_us ?? null,
    overhead: summary.overhead ?? null,
  };
}

function partitionOf(trace: ProfileTrace, operators: number): Int32Array {
  const partition = new Int32Array(operators).fill(-1);
  for (const [number, part] of trace.partitions.entries())
    for (const operator of part.operators ?? []) if (operator < operators) partition[operator] = number;
  return partition;
}

/** What operators compute and move in one run of each, from the report `compute`; NaN where it is not known. */
export interface Work {
  /** Multiplications with additions. */
  macs: Float64Array;
  /** Bytes of weights, inputs and outputs. */
  bytes: Float64Array;
  isKnown: boolean;
}

export function workOf(report: Report | null, operators: number): Work {
  const [weights, inputs, outputs] = ['weight_bytes', 'input_bytes', 'output_bytes'].map((name) =>
    quantityOf(report, name, operators),
  );
  return {
    macs: quantityOf(report, 'macs', operators),
    bytes: weights.map((bytes, operator) => bytes + inputs[operator] + outputs[operator]),
    isKnown: report !== null,
  };
}

/** How often each operator runs in one inference: inside a loop several times. */
export function callsOf({ report, self }: Profile): Float64Array {
  return quantityOf(report, 'calls', self.length).map((calls) => (calls > 0 ? calls : 1));
}

/** Ticks of the clock from which on a time is sure to a tenth. */
export const SURE_TICKS = 10;

/** How many ticks of the clock that timed it one run of each operator takes; below one nothing can be derived from it. */
export function ticksOf(profile: Profile): Float64Array {
  const calls = callsOf(profile);
  const tick = (profile.trace.environment.clock_ns ?? 0) / 1000;
  return profile.self.map((self, operator) => (tick > 0 ? self / calls[operator] / tick : Infinity));
}
