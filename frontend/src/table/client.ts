/** The page's end of the table worker. */
import { Cancelled, type WorkerFactory } from '../graph/client.ts';
import type { SortKey } from './order.ts';
import type { Answer, Request, Wrong } from './protocol.ts';
import type { Matched, Over } from './tables.ts';

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** A worker that has not answered for so long is given up: patterns exist that take for ever. */
export const PATIENCE_MS = 5000;

/** A filter that cannot be read. */
export class WrongFilter extends Error {
  constructor(readonly wrong: Wrong) {
    super(wrong.message);
  }
}

/** The tables of one model in one worker, which is started when it is first asked. */
export class TableClient {
  private worker: Worker | null = null;
  private readonly reports = new Map<string, ArrayBuffer>();
  private readonly waiting = new Map<number, Waiting>();
  private patience: ReturnType<typeof setTimeout> | undefined;
  private count = 0;

  constructor(private readonly makeWorker: WorkerFactory) {}

  /** Adds a report, as it came from the server; it is copied. */
  give(name: string, buffer: ArrayBuffer): void {
    this.reports.set(name, buffer);
    this.worker?.postMessage({ type: 'report', name, buffer } satisfies Request);
  }

  /** Throws a WrongFilter for a filter that cannot be read. */
  async filter(text: string): Promise<Matched> {
    const answer = await this.ask({ type: 'filter', id: ++this.count, text });
    if (answer.type === 'wrong') throw new WrongFilter(answer.wrong);
    return (answer as Extract<Answer, { type: 'matched' }>).matched;
  }

  async order(over: Over, keys: readonly SortKey[]): Promise<Int32Array> {
    const answer = await this.ask({ type: 'order', id: ++this.count, over, keys });
    return (answer as Extract<Answer, { type: 'ordered' }>).order;
  }

  close(): void {
    this.stop(new Cancelled());
  }

  private ask(request: Exclude<Request, { type: 'report' }>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      if (this.waiting.size === 1) this.beginWaiting();
      this.running().postMessage(request);
    });
  }

  private running(): Worker {
    if (this.worker !== null) return this.worker;
    const worker = this.makeWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.stop(new Error(event.message || 'the table worker could not be started'));
    };
    for (const [name, buffer] of this.reports)
      worker.postMessage({ type: 'report', name, buffer } satisfies Request);
    return worker;
  }

  private receive(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    clearTimeout(this.patience);
    if (this.waiting.size > 0) this.beginWaiting();
    if (answer.type === 'failed') waiting?.reject(new Error(answer.reason));
    else waiting?.resolve(answer);
  }

  private beginWaiting(): void {
    this.patience = setTimeout(
      () => this.stop(new Error(`no answer within ${PATIENCE_MS / 1000} s; is a pattern too hard?`)),
      PATIENCE_MS,
    );
  }

  /** Ends the worker and all that was asked of it; the next question starts another. */
  private stop(reason: Error): void {
    clearTimeout(this.patience);
    this.worker?.terminate();
    this.worker = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }
}
