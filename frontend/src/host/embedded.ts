/** The page itself as a source: the one-file report. */
import type { Fixes } from '../delegates/what-if.ts';
import type { RunEntry, RunsAnswer } from './runs.ts';
import type { Listing, OperatorDetails, TensorDetails, TensorChannels, Source } from './source.ts';

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
