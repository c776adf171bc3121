/** The page's end of the graph worker. */
import type { Hierarchy } from './hierarchy.ts';
import type { Answer, Request, ViewRequest } from './protocol.ts';
import type { Scene } from './scene.ts';
import type { Matches } from './search.ts';

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

  constructor(makeWorker: WorkerFactory) {
    this.worker = makeWorker();
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.failAll(new Error(event.message || 'the graph worker could not be started'));
    };
  }

  async load(buffer: ArrayBuffer, onPhase: (phase: string) => void): Promise<Hierarchy> {
    const answer = await this.ask({ type: 'load', id: ++this.count, buffer }, onPhase, [buffer]);
    return (answer as Extract<Answer, { type: 'loaded' }>).hierarchy;
  }

  async layout(view: ViewRequest, onPhase: (phase: string) => void): Promise<Scene> {
    const answer = await this.ask({ type: 'layout', id: ++this.count, view }, onPhase);
    return (answer as Extract<Answer, { type: 'scene' }>).scene;
  }

  async search(query: string): Promise<Matches> {
    const answer = await this.ask({ type: 'search', id: ++this.count, query }, () => undefined);
    return (answer as Extract<Answer, { type: 'matches' }>).matches;
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
    else waiting.resolve(answer);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
