/** Where data comes from: the server that served the page, or the page itself (the one-file report). */
import type { Fixes, WhatIf } from '../delegates/what-if.ts';
import type { Reading, Slice } from '../wire/slice.ts';
import type { Job, Running, RunRequest, RunsAnswer } from './runs.ts';

export interface Entry {
  id: string;
  key: string;
  sha256: string | null;
  name: string;
  label: string;
  run: string;
  tag: string;
  step: number | null;
  size: number;
  modified: number;
  error: string | null;
}

export interface Listing {
  models: Entry[];
  scan: { running: boolean; roots: string[]; entries: number; notes: string[] };
  version: string;
  running: Running;
}

export interface OperatorDetails {
  id: number;
  subgraph: number;
  index: number;
  op: string;
  version: number;
  tensorflow_op: string | null;
  inputs: { name: string; tensor: number }[];
  outputs: { name: string; tensor: number }[];
  intermediates: number[];
  options_table: string | null;
  options: Record<string, unknown>;
  subgraphs: Record<string, number>;
  notes: string[];
}

export interface QuantizationDetails {
  kind: string;
  scale: (number | string)[];
  zero_point: number[];
  dimension: number;
  min: (number | string)[];
  max: (number | string)[];
  details: { scales: number; zero_points: number; block_size: number } | null;
}

export interface TensorDetails {
  id: number;
  subgraph: number;
  index: number;
  name: string;
  dtype: string;
  shape: number[];
  shape_signature: number[];
  rank_known: boolean;
  variable: boolean;
  dense_bytes: number | null;
  constant_bytes: number;
  buffer: number;
  external_buffer: { id: number; group?: string } | null;
  shares_buffer_with: number[];
  quantization: QuantizationDetails | null;
  sparsity: {
    traversal_order: number[];
    block_map: number[];
    dimensions: { format: string; size?: number; stored?: number }[];
  } | null;
  producer: number;
  consumers: number[];
}

/** Equal bins from low to high; integers of up to 8 bits have one for each value, half a step to each side of it. */
export interface Histogram {
  low: number;
  high: number;
  counts: number[];
}

export interface TensorHistogram {
  elements: number;
  /** Less than all elements where the tensor is large: evenly spaced parts of it. */
  counted: number;
  /** Infinities and what is no number, in no bin. */
  nonfinite: number;
  dtype: string;
  reading: Reading;
  /** What each of several scales is of. */
  groups: { kind: 'channel' | 'block'; count: number; axis: number | null } | null;
  channel: number | null;
  /** Null where nothing is finite. */
  stored: Histogram | null;
  /** Null where stored values are the real ones, and where these are not known. */
  real: Histogram | null;
}

/** A part of a tensor as a matrix: axes that make its rows and columns, the place on every other axis. */
export interface SliceRequest {
  rows: readonly number[];
  columns: readonly number[];
  at: readonly number[];
  begin: readonly [number, number];
  size: readonly [number, number];
  /** Rows and columns that are answered; of more, every so manieth is. */
  most: readonly [number, number];
}

/** A quantized constant channel by channel, or block by block; lists hold the first `listed` of them. */
export interface TensorChannels {
  tensor: number;
  scheme: string;
  /** -1 where the whole tensor is one channel, or has blocks. */
  axis: number;
  channels: number;
  values_each: number;
  listed: number;
  /** Texts where they are not finite, which a damaged file may have. */
  scale: (number | string)[];
  zero_point: number[];
  low: number[];
  high: number[];
  bits: number[];
  range_use: number[];
  outlier: boolean[];
  zero: boolean[];
  stored: Histogram;
  /** Null where there is no range of real values. */
  real: Histogram | null;
}

export interface Source {
  listing: (rescan: boolean) => Promise<Listing>;
  /** `onWait` is told why the answer takes time. */
  graph: (model: string, onWait: (reason: string) => void) => Promise<ArrayBuffer>;
  operator: (model: string, operator: number) => Promise<OperatorDetails>;
  tensor: (model: string, tensor: number) => Promise<TensorDetails>;
  /** Of the part with one of several scales, or of all. */
  histogram: (model: string, tensor: number, channel: number | null) => Promise<TensorHistogram>;
  slice: (model: string, tensor: number, request: SliceRequest) => Promise<Slice>;
  /** Where a tensor can be downloaded as a file of numpy; null where there is no server. */
  npyUrl: (model: string, tensor: number, real: boolean) => string | null;
  /** Null for what is no quantized constant, or cannot be looked into. */
  channels: (model: string, tensor: number) => Promise<TensorChannels | null>;
  /** One of the reports that the model's header names, as wire/report.ts decodes it. */
  report: (model: string, name: string) => Promise<ArrayBuffer>;
  /** Where a file that is appended to the model can be downloaded; null where there is no server. */
  fileUrl: (model: string, place: number) => string | null;
  /** What accepting more would win for a delegate; `profile` names the one that times come from, null the newest. */
  fixes: (model: string, delegate: string, profile: string | null) => Promise<Fixes>;
  /** Whether what-ifs can be asked. */
  readonly hasWhatIfs: boolean;
  /** What a delegate would take if it accepted what the query says (delegates/what-if.ts). */
  whatIf: (model: string, delegate: string, query: string) => Promise<WhatIf>;
  /** The partitions that there would be, as a report. */
  whatIfPartitions: (model: string, delegate: string, query: string) => Promise<ArrayBuffer>;
  runs: (model: string) => Promise<RunsAnswer>;
  /** The report of one of them, over operators. */
  runReport: (model: string, run: string) => Promise<ArrayBuffer>;
  /** What was timed in a profile, as wire/profile-trace.ts decodes it. */
  trace: (model: string, run: string) => Promise<ArrayBuffer>;
  /** Where the profile can be downloaded; null where there is no server. */
  traceUrl: (model: string, run: string) => string | null;
  /** Values and channels of errors of layers, as wire/closeups.ts decodes them. */
  closeups: (model: string, run: string) => Promise<ArrayBuffer>;
  /** Where errors of layers can be downloaded; null where there is no server. */
  errorsUrl: (model: string, run: string) => string | null;
  start: (model: string, request: RunRequest) => Promise<Job>;
  job: (id: string) => Promise<Job>;
  cancel: (id: string) => Promise<void>;
}
