import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cancelled } from '../graph/client.ts';
import { PATIENCE_MS, TableClient, WrongFilter } from './client.ts';
import type { Answer, Request } from './protocol.ts';

/** A worker that answers when it is told to. */
class FakeWorker {
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault: () => void }) => void) | null = null;
  readonly asked: Request[] = [];
  isTerminated = false;

  postMessage(request: Request): void {
    this.asked.push(request);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** Answers the last question. */
  answer(answer: object): void {
    const { id } = this.asked.at(-1) as { id: number };
    this.onmessage?.({ data: { id, ...answer } as Answer });
  }
}

let workers: FakeWorker[];
let client: TableClient;

beforeEach(() => {
  vi.useFakeTimers();
  workers = [];
  client = new TableClient(() => {
    workers.push(new FakeWorker());
    return workers.at(-1) as unknown as Worker;
  });
});
afterEach(() => void vi.useRealTimers());

const FOUND = { operators: Int32Array.of(1), tensors: Int32Array.of() };

test('no worker is started before it is needed, and it gets all reports', async () => {
  client.give('ops', new ArrayBuffer(8));
  expect(workers.length).toBe(0);
  const found = client.filter('conv');
  client.give('tensors', new ArrayBuffer(4));
  expect(workers[0].asked.map(({ type }) => type)).toEqual(['report', 'filter', 'report']);
  workers[0].onmessage?.({ data: { type: 'matched', id: 1, matched: FOUND } });
  expect(await found).toBe(FOUND);
});

describe('what goes wrong', () => {
  test('in the filter is told with its place', async () => {
    const found = client.filter('(');
    workers[0].answer({ type: 'wrong', wrong: { message: 'not closed', position: 0 } });
    const error: unknown = await found.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WrongFilter);
    expect((error as WrongFilter).wrong).toEqual({ message: 'not closed', position: 0 });
  });

  test('in the worker ends what was asked; the next question starts another', async () => {
    const found = client.filter('conv');
    workers[0].onerror?.({ message: '', preventDefault: () => undefined });
    await expect(found).rejects.toThrow('could not be started');
    const next = client.order('operators', []);
    workers[1].answer({ type: 'ordered', order: Int32Array.of(2) });
    expect([...(await next)]).toEqual([2]);
  });

  test('in answering is told', async () => {
    const order = client.order('operators', []);
    workers[0].answer({ type: 'failed', reason: 'out of memory' });
    await expect(order).rejects.toThrow('out of memory');
  });
});

describe('a pattern that takes for ever', () => {
  test('is given up, and the reports are kept for the next worker', async () => {
    client.give('ops', new ArrayBuffer(8));
    const found = client.filter('/(a+)+$/');
    const rejected = expect(found).rejects.toThrow('no answer within 5 s');
    vi.advanceTimersByTime(PATIENCE_MS);
    await rejected;
    expect(workers[0].isTerminated).toBe(true);
    void client.filter('conv');
    expect(workers[1].asked.map(({ type }) => type)).toEqual(['report', 'filter']);
  });

  test('is not one that is answered in time, however many follow', async () => {
    for (let i = 0; i < 4; i++) {
      const found = client.filter('conv');
      vi.advanceTimersByTime(PATIENCE_MS - 1);
      workers[0].answer({ type: 'matched', matched: FOUND });
      await found;
    }
    vi.advanceTimersByTime(PATIENCE_MS);
    expect(workers.length).toBe(1);
    expect(workers[0].isTerminated).toBe(false);
  });
});

test('closing cancels what was asked', async () => {
  const found = client.filter('conv');
  client.close();
  await expect(found).rejects.toBeInstanceOf(Cancelled);
  expect(workers[0].isTerminated).toBe(true);
});
