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

  postMessage(request: Request, transfer: unknown[] = []): void {
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

const VIEW = { root: 0, flat: false, open: [], only: null };
const ignore = (): void => undefined;

describe('answers', () => {
  test('go to who asked, in any order', async () => {
    const { worker, client } = connect();
    const layout = client.layout(VIEW, ignore);
    const load = client.load(new ArrayBuffer(8), ignore);
    const [first, second] = worker.asked;
    expect([first.type, second.type]).toEqual(['layout', 'load']);
    worker.answer({ type: 'loaded', id: second.id, hierarchy: 'hierarchy' });
    worker.answer({ type: 'scene', id: first.id, scene: 'scene' });
    expect(await layout).toBe('scene');
    expect(await load).toBe('hierarchy');
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
    const other = client.load(new ArrayBuffer(8), ignore);
    worker.answer({ type: 'failed', id: worker.asked[0].id, reason: 'no model is loaded' });
    await expect(failing).rejects.toThrow('no model is loaded');
    worker.answer({ type: 'loaded', id: worker.asked[1].id, hierarchy: 'hierarchy' });
    expect(await other).toBe('hierarchy');
  });

  test('of the worker itself end all requests', async () => {
    const { worker, client } = connect();
    const requests = [client.layout(VIEW, ignore), client.load(new ArrayBuffer(8), ignore)];
    let isHandled = false;
    worker.onerror?.({ message: '', preventDefault: () => (isHandled = true) });
    for (const request of requests) await expect(request).rejects.toThrow('could not be started');
    expect(isHandled).toBe(true);
    await expect(client.layout(VIEW, ignore)).rejects.toThrow('could not be started');
    expect(worker.asked.length).toBe(2);
  });
});

describe('a layout', () => {
  test('is cancelled by its id', async () => {
    const { worker, client } = connect();
    const layout = client.layout(VIEW, ignore);
    client.cancel();
    const [asked, cancel] = worker.asked;
    expect(cancel).toEqual({ type: 'cancel', id: asked.id });
    worker.answer({ type: 'cancelled', id: asked.id });
    await expect(layout).rejects.toBeInstanceOf(Cancelled);
  });

  test('that is done is not', async () => {
    const { worker, client } = connect();
    client.cancel();
    const layout = client.layout(VIEW, ignore);
    worker.answer({ type: 'scene', id: worker.asked[0].id, scene: 'scene' });
    await layout;
    client.cancel();
    expect(worker.asked.length).toBe(1);
  });
});

test('closing stops the worker and cancels what was asked', async () => {
  const { worker, client } = connect();
  const layout = client.layout(VIEW, ignore);
  client.close();
  expect(worker.isTerminated).toBe(true);
  await expect(layout).rejects.toBeInstanceOf(Cancelled);
});
