/** The server that served the page, as a source. */
import type { Fixes, WhatIf } from '../delegates/what-if.ts';
import { decodeSlice, type Slice } from '../wire/slice.ts';
import type { Job, RunRequest, RunsAnswer } from './runs.ts';
import type {
  Listing,
  OperatorDetails,
  TensorDetails,
  TensorHistogram,
  SliceRequest,
  TensorChannels,
  Source,
} from './source.ts';

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
