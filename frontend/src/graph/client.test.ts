import { describe, expect, test } from 'vitest';
import { Cancelled, GraphClient } from './client.ts';
import type { Answer, Request } from './protocol.ts';

/** A worker that answers when it is told to. */
class FakeWorker {
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault: () => void }) => void) | null = null;
  readonly asked: Request[] = [];
  readonly transferred: unknown[] = [];
  isTerminated = false;

  postMessage(request: Request, transfer: unknown[]): void {
    this.asked.push(request);
    this.transferred.push(...transfer);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  answer(answer: object): void {
    this.onmessage?.({ data: answer as Answer });
  }
}

function connect(): { worker: FakeWorker; client: GraphClient } {
  const worker = new FakeWorker();
  return { worker, client: new GraphClient(() => worker as unknown as Worker) };
}

const VIEW = { root: 0, flat: false, open: [] };
const ignore = (): void => undefined;

describe('answers', () => {
  test('go to who asked, in any order', async () => {
    const { worker, client } = connect();
    const layout = client.layout(VIEW, ignore);
    const search = client.search('conv');
    const [first, second] = worker.asked;
    expect([first.type, second.type]).toEqual(['layout', 'search']);
    worker.answer({ type: 'matches', id: second.id, matches: 'matches' });
    worker.answer({ type: 'scene', id: first.id, scene: 'scene' });
    expect(await layout).toBe('scene');
    expect(await search).toBe('matches');
  });

  test('come after any number of phases', async () => {
    const { worker, client } = connect();
    const phases: string[] = [];
    const buffer = new ArrayBuffer(8);
    const load = client.load(buffer, (phase) => phases.push(phase));
    const { id } = worker.asked[0];
    for (const phase of ['reading operators', 'finding groups'])
      worker.answer({ type: 'progress', id, phase });
    worker.answer({ type: 'loaded', id, hierarchy: 'hierarchy' });
    expect(await load).toBe('hierarchy');
    expect(phases).toEqual(['reading operators', 'finding groups']);
    expect(worker.transferred).toEqual([buffer]);
  });

  test('that nobody waits for are ignored', () => {
    const { worker } = connect();
    expect(() => worker.answer({ type: 'scene', id: 99, scene: 'scene' })).not.toThrow();
  });
});

describe('failures', () => {
  test('have a reason, and leave other requests alone', async () => {
    const { worker, client } = connect();
    const failing = client.layout(VIEW, ignore);
    const other = client.search('x');
    worker.answer({ type: 'failed', id: worker.asked[0].id, reason: 'no model is loaded' });
    await expect(failing).rejects.toThrow('no model is loaded');
    worker.answer({ type: 'matches', id: worker.asked[1].id, matches: 'matches' });
    expect(await other).toBe('matches');
  });

  test('of the worker itself end all requests', async () => {
    const { worker, client } = connect();
    const requests = [client.layout(VIEW, ignore), client.search('x')];
    let isHandled = false;
    worker.onerror?.({ message: '', preventDefault: () => (isHandled = true) });
    for (const request of requests) await expect(request).rejects.toThrow('could not be started');
    expect(isHandled).toBe(true);
  });
});

test('closing stops the worker and cancels what was asked', async () => {
  const { worker, client } = connect();
  const layout = client.layout(VIEW, ignore);
  client.close();
  expect(worker.isTerminated).toBe(true);
  await expect(layout).rejects.toBeInstanceOf(Cancelled);
});
