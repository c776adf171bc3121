/** Where data comes from: the server that served the page, or the page itself (the one-file report). */

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

export interface Source {
  listing: (rescan: boolean) => Promise<Listing>;
  /** `onWait` is told why the answer takes time. */
  graph: (model: string, onWait: (reason: string) => void) => Promise<ArrayBuffer>;
  operator: (model: string, operator: number) => Promise<OperatorDetails>;
  tensor: (model: string, tensor: number) => Promise<TensorDetails>;
  /** One of the reports that the model's header names, as wire/report.ts decodes it. */
  report: (model: string, name: string) => Promise<ArrayBuffer>;
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

  async report(model: string, name: string): Promise<ArrayBuffer> {
    return (await get(`model/${encodeURIComponent(model)}/report/${encodeURIComponent(name)}`)).arrayBuffer();
  }
}

async function get(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
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
}

interface EmbeddedDetails {
  operators: OperatorDetails[];
  tensors: TensorDetails[];
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

  report(_model: string, name: string): Promise<ArrayBuffer> {
    return unpack(this.data.reports[name]);
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
