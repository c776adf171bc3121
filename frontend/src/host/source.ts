/** Where data comes from: the server that served the page, or the page itself (the one-file report). */
import type { Fixes, WhatIf } from '../delegates/what-if.ts';
import { decodeSlice, type Reading, type Slice } from '../wire/slice.ts';
import type { Job, RunEntry, Running, RunRequest, RunsAnswer } from './runs.ts';

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

/** The server's own words about what went wrong. */
export class ServerError extends Error {
  readonly status: number;
  readonly file: string | null;
  readonly offset: number | null;
  readonly table: string | null;

  constructor(
    status: number,
    body: { message: string; file?: string; offset?: number | null; table?: string | null },
  ) {
    super(body.message);
    this.status = status;
    this.file = body.file ?? null;
    this.offset = body.offset ?? null;
    this.table = body.table ?? null;
  }
}

const RETRY_MS = 400;

/** Everything by URLs relative to the page: it may stand below any prefix. */
export class HttpSource implements Source {
  async listing(rescan: boolean): Promise<Listing> {
    return (await get(rescan ? 'models?rescan=1' : 'models').then(json)) as Listing;
  }

  async graph(model: string, onWait: (reason: string) => void): Promise<ArrayBuffer> {
    for (;;) {
      try {
        return await (await get(`model/${encodeURIComponent(model)}/graph`)).arrayBuffer();
      } catch (error) {
        if (!(error instanceof ServerError) || error.status !== 503) throw error;
        onWait(error.message);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async operator(model: string, operator: number): Promise<OperatorDetails> {
    return (await get(`model/${encodeURIComponent(model)}/operator/${operator}`).then(
      json,
    )) as OperatorDetails;
  }

  async tensor(model: string, tensor: number): Promise<TensorDetails> {
    return (await get(`model/${encodeURIComponent(model)}/tensor/${tensor}`).then(json)) as TensorDetails;
  }

  async histogram(model: string, tensor: number, channel: number | null): Promise<TensorHistogram> {
    const url = `model/${encodeURIComponent(model)}/tensor/${tensor}/histogram`;
    return (await get(channel === null ? url : `${url}?channel=${channel}`).then(json)) as TensorHistogram;
  }

  async slice(model: string, tensor: number, request: SliceRequest): Promise<Slice> {
    const query = Object.entries(request)
      .map(([name, numbers]) => `${name}=${(numbers as readonly number[]).join(',')}`)
      .join('&');
    const url = `model/${encodeURIComponent(model)}/tensor/${tensor}/slice?${query}`;
    return decodeSlice(await (await get(url)).arrayBuffer());
  }

  npyUrl(model: string, tensor: number, real: boolean): string {
    return `model/${encodeURIComponent(model)}/tensor/${tensor}/values.npy${real ? '?values=real' : ''}`;
  }

  async channels(model: string, tensor: number): Promise<TensorChannels | null> {
    const url = `model/${encodeURIComponent(model)}/tensor/${tensor}/channels`;
    return (await get(url).then(json)) as TensorChannels | null;
  }

  async report(model: string, name: string): Promise<ArrayBuffer> {
    return (await get(`model/${encodeURIComponent(model)}/report/${encodeURIComponent(name)}`)).arrayBuffer();
  }

  fileUrl(model: string, place: number): string {
    return `model/${encodeURIComponent(model)}/file/${place}`;
  }

  readonly hasWhatIfs = true;

  async fixes(model: string, delegate: string, profile: string | null): Promise<Fixes> {
    const url = `model/${encodeURIComponent(model)}/fixes/${encodeURIComponent(delegate)}`;
    const query = profile === null ? '' : `?profile=${encodeURIComponent(profile)}`;
    return (await get(url + query).then(json)) as Fixes;
  }

  async whatIf(model: string, delegate: string, query: string): Promise<WhatIf> {
    const url = `model/${encodeURIComponent(model)}/what-if/${encodeURIComponent(delegate)}`;
    return (await get(`${url}?${query}`).then(json)) as WhatIf;
  }

  async whatIfPartitions(model: string, delegate: string, query: string): Promise<ArrayBuffer> {
    const url = `model/${encodeURIComponent(model)}/what-if/${encodeURIComponent(delegate)}`;
    return (await get(`${url}/partitions?${query}`)).arrayBuffer();
  }

  async runs(model: string): Promise<RunsAnswer> {
    return (await get(`model/${encodeURIComponent(model)}/runs`).then(json)) as RunsAnswer;
  }

  runReport(model: string, run: string): Promise<ArrayBuffer> {
    return this.report(model, `run-${run}`);
  }

  async trace(model: string, run: string): Promise<ArrayBuffer> {
    return (await get(`model/${encodeURIComponent(model)}/trace/${encodeURIComponent(run)}`)).arrayBuffer();
  }

  traceUrl(model: string, run: string): string {
    return `model/${encodeURIComponent(model)}/trace/${encodeURIComponent(run)}.json`;
  }

  async closeups(model: string, run: string): Promise<ArrayBuffer> {
    return (
      await get(`model/${encodeURIComponent(model)}/closeups/${encodeURIComponent(run)}`)
    ).arrayBuffer();
  }

  errorsUrl(model: string, run: string): string {
    return `model/${encodeURIComponent(model)}/errors/${encodeURIComponent(run)}.json`;
  }

  async start(model: string, request: RunRequest): Promise<Job> {
    return (await post(`model/${encodeURIComponent(model)}/run`, request).then(json)) as Job;
  }

  async job(id: string): Promise<Job> {
    return (await get(`job/${encodeURIComponent(id)}`).then(json)) as Job;
  }

  async cancel(id: string): Promise<void> {
    await post(`job/${encodeURIComponent(id)}/cancel`, {});
  }
}

/** The server answers this only to its own pages: no other can send the header. */
function post(url: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', 'X-TFLite-Viz': '1' };
  return get(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function get(url: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Error('the server does not answer; is it still running?');
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => null)) as { error?: { message: string } } | null;
  throw new ServerError(
    response.status,
    body?.error ?? { message: `the server answered ${response.status}` },
  );
}

function json(response: Response): Promise<unknown> {
  return response.json() as Promise<unknown>;
}

/** What a one-file report carries, gzip'd and in base64. */
export interface Embedded {
  listing: Listing;
  graph: string;
  details: string;
  /** By name. */
  reports: Record<string, string>;
  /** By delegate. */
  fixes: Record<string, Fixes>;
  runs: EmbeddedRun[];
}

export interface EmbeddedRun {
  entry: RunEntry;
  report: string;
  /** Of a profile. */
  trace?: string;
  /** Of errors of layers. */
  closeups?: string;
}

interface EmbeddedDetails {
  operators: OperatorDetails[];
  tensors: TensorDetails[];
  /** By tensor, as many as the report carries. */
  channels: Record<string, TensorChannels | null>;
}

export class EmbeddedSource implements Source {
  private details: Promise<EmbeddedDetails> | null = null;

  constructor(private readonly data: Embedded) {}

  listing(): Promise<Listing> {
    return Promise.resolve(this.data.listing);
  }

  graph(): Promise<ArrayBuffer> {
    return unpack(this.data.graph);
  }

  async operator(_model: string, operator: number): Promise<OperatorDetails> {
    return (await this.all()).operators[operator];
  }

  async tensor(_model: string, tensor: number): Promise<TensorDetails> {
    return (await this.all()).tensors[tensor];
  }

  histogram(): Promise<never> {
    return Promise.reject(new Error('a report in a file does not hold the values of tensors'));
  }

  slice(): Promise<never> {
    return this.histogram();
  }

  npyUrl(): null {
    return null;
  }

  async channels(_model: string, tensor: number): Promise<TensorChannels | null> {
    return (await this.all()).channels[String(tensor)] ?? null;
  }

  report(_model: string, name: string): Promise<ArrayBuffer> {
    return unpack(this.data.reports[name]);
  }

  fileUrl(): null {
    return null;
  }

  fixes(_model: string, delegate: string): Promise<Fixes> {
    const found = this.data.fixes[delegate] as Fixes | undefined; // of those that were known when it was written
    return found === undefined
      ? Promise.reject(new Error('this report does not have it'))
      : Promise.resolve(found);
  }

  readonly hasWhatIfs = false;

  whatIf(): Promise<never> {
    return Promise.reject(new Error('a report in a file computes nothing'));
  }

  whatIfPartitions(): Promise<never> {
    return this.whatIf();
  }

  runs(): Promise<RunsAnswer> {
    return Promise.resolve({ runs: this.data.runs.map(({ entry }) => entry), jobs: [], pending: false });
  }

  runReport(_model: string, run: string): Promise<ArrayBuffer> {
    return unpack(this.run(run).report);
  }

  trace(_model: string, run: string): Promise<ArrayBuffer> {
    return this.part(run, 'trace');
  }

  traceUrl(): null {
    return null;
  }

  closeups(_model: string, run: string): Promise<ArrayBuffer> {
    return this.part(run, 'closeups');
  }

  errorsUrl(): null {
    return null;
  }

  start(): Promise<never> {
    return Promise.reject(new Error('a report in a file runs nothing'));
  }

  job(): Promise<never> {
    return this.start();
  }

  cancel(): Promise<never> {
    return this.start();
  }

  private part(id: string, name: 'trace' | 'closeups'): Promise<ArrayBuffer> {
    const found = this.run(id)[name];
    return found === undefined
      ? Promise.reject(new Error(`run ${id} of this report has no ${name}`))
      : unpack(found);
  }

  private run(id: string): EmbeddedRun {
    const found = this.data.runs.find(({ entry }) => entry.id === id);
    if (found === undefined) throw new Error(`this report has no run ${id}`);
    return found;
  }

  private all(): Promise<EmbeddedDetails> {
    this.details ??= unpack(this.data.details).then(
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as EmbeddedDetails,
    );
    return this.details;
  }
}

async function unpack(base64: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
