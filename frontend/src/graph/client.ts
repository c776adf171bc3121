/** The page's end of the graph worker. */
import type { Hierarchy } from './hierarchy.ts';
import type { Answer, Request, ViewRequest } from './protocol.ts';
import type { Scene } from './scene.ts';

export type WorkerFactory = () => Worker;

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  onPhase: (phase: string) => void;
}

export class Cancelled extends Error {
  constructor() {
    super('cancelled');
  }
}

/** One model in one worker. */
export class GraphClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private layoutId = -1;
  /** Why the worker answers no more, null while it does. */
  private broken: Error | null = null;

  constructor(makeWorker: WorkerFactory) {
    this.worker = makeWorker();
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.broken = new Error(event.message || 'the graph worker could not be started');
      this.failAll(this.broken);
    };
  }

  async load(buffer: ArrayBuffer, onPhase: (phase: string) => void): Promise<Hierarchy> {
    const answer = await this.ask({ type: 'load', id: ++this.count, buffer }, onPhase, [buffer]);
    return (answer as Extract<Answer, { type: 'loaded' }>).hierarchy;
  }

  async layout(view: ViewRequest, onPhase: (phase: string) => void): Promise<Scene> {
    this.layoutId = ++this.count;
    const answer = await this.ask({ type: 'layout', id: this.layoutId, view }, onPhase);
    return (answer as Extract<Answer, { type: 'scene' }>).scene;
  }

  /** Ends the layout that was asked for last, if it is still under way: it rejects with Cancelled. */
  cancel(): void {
    if (this.waiting.has(this.layoutId))
      this.worker.postMessage({ type: 'cancel', id: this.layoutId } satisfies Request);
  }

  /** Stops whatever is being computed; the client is of no use afterwards. */
  close(): void {
    this.worker.terminate();
    this.failAll(new Cancelled());
  }

  private ask(
    request: Request,
    onPhase: (phase: string) => void,
    transfer: Transferable[] = [],
  ): Promise<Answer> {
    if (this.broken !== null) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject, onPhase });
      this.worker.postMessage(request, transfer);
    });
  }

  private receive(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    if (waiting === undefined) return;
    if (answer.type === 'progress') {
      waiting.onPhase(answer.phase);
      return;
    }
    this.waiting.delete(answer.id);
    if (answer.type === 'failed') waiting.reject(new Error(answer.reason));
    else if (answer.type === 'cancelled') waiting.reject(new Cancelled());
    else waiting.resolve(answer);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
