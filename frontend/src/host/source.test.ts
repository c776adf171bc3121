import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import { EmbeddedSource } from './embedded.ts';
import { HttpSource, ServerError } from './server.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Answers requests one after the other; returns the URLs that were asked for. */
function serve(...answers: (Response | Error)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const answer = answers[asked.length - 1];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return asked;
}

const refusal = (status: number, error: object): Response =>
  new Response(JSON.stringify({ error }), { status });

describe('over HTTP', () => {
  const source = new HttpSource();

  test('everything has a relative URL', async () => {
    const asked = serve(
      Response.json({ models: [] }),
      Response.json({}),
      Response.json({ id: 3 }),
      Response.json({ id: 4 }),
      new Response(Uint8Array.of(9)),
      Response.json(null),
    );
    await source.listing(false);
    await source.listing(true);
    expect(await source.operator('ab/c', 3)).toEqual({ id: 3 });
    expect(await source.tensor('ab/c', 4)).toEqual({ id: 4 });
    expect(new Uint8Array(await source.report('ab/c', 'ops'))).toEqual(Uint8Array.of(9));
    expect(await source.channels('ab/c', 4)).toBe(null);
    expect(asked).toEqual([
      'models',
      'models?rescan=1',
      'model/ab%2Fc/operator/3',
      'model/ab%2Fc/tensor/4',
      'model/ab%2Fc/report/ops',
      'model/ab%2Fc/tensor/4/channels',
    ]);
  });

  test('contents of a tensor: a histogram, a rectangle, a file', async () => {
    const rectangle = {
      dtype: 'INT8',
      reading: 'plain',
      shape: [2],
      matrix: [1, 2],
      begin: [0, 0],
      step: [1, 1],
      size: [1, 2],
    };
    const asked = serve(
      Response.json({ elements: 2 }),
      Response.json({ elements: 1 }),
      new Response(encodeContainer(rectangle, { stored: Int32Array.of(5, 6) })),
    );
    expect(await source.histogram('ab/c', 7, null)).toEqual({ elements: 2 });
    await source.histogram('ab/c', 7, 3);
    const request = {
      rows: [],
      columns: [0, 1],
      at: [4],
      begin: [0, 1],
      size: [1, 2],
      most: [1, 9],
    } as const;
    expect(Array.from((await source.slice('ab/c', 7, request)).stored)).toEqual([5, 6]);
    expect(asked).toEqual([
      'model/ab%2Fc/tensor/7/histogram',
      'model/ab%2Fc/tensor/7/histogram?channel=3',
      'model/ab%2Fc/tensor/7/slice?rows=&columns=0,1&at=4&begin=0,1&size=1,2&most=1,9',
    ]);
    expect(source.errorsUrl('ab/c', 'e 1')).toBe('model/ab%2Fc/errors/e%201.json');
    expect(source.npyUrl('ab/c', 7, false)).toBe('model/ab%2Fc/tensor/7/values.npy');
    expect(source.npyUrl('ab/c', 7, true)).toBe('model/ab%2Fc/tensor/7/values.npy?values=real');
  });

  test('a run is asked for in a way that no other site’s page can', async () => {
    const sent: [string, RequestInit][] = [];
    vi.stubGlobal('fetch', (url: string, options: RequestInit) => {
      sent.push([url, options]);
      return Promise.resolve(Response.json({ id: 'j' }));
    });
    const request = { kind: 'partition' as const, options: { delegate: 'xnnpack' } };
    expect(await source.start('ab/c', request)).toEqual({ id: 'j' });
    await source.cancel('j');
    expect(sent.map(([url]) => url)).toEqual(['model/ab%2Fc/run', 'job/j/cancel']);
    for (const [, { method, headers }] of sent) {
      expect(method).toBe('POST');
      expect(headers).toEqual({ 'Content-Type': 'application/json', 'X-TFLite-Viz': '1' });
    }
    expect(JSON.parse(sent[0][1].body as string)).toEqual(request);
  });

  test('a refusal says where in the file it is', async () => {
    serve(refusal(422, { message: 'not a table', file: 'a.tflite', offset: 12, table: 'Tensor' }));
    const error: unknown = await source.listing(false).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({
      status: 422,
      message: 'not a table',
      file: 'a.tflite',
      offset: 12,
      table: 'Tensor',
    });
  });

  test('what is no answer of ours is reported by its status', async () => {
    serve(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(source.listing(false)).rejects.toThrow('the server answered 502');
  });

  test('no server', async () => {
    serve(new TypeError('fetch failed'));
    await expect(source.listing(false)).rejects.toThrow('does not answer');
  });

  test('a model that is not ready is asked for again', async () => {
    vi.useFakeTimers();
    const asked = serve(refusal(503, { message: 'still reading' }), new Response(Uint8Array.of(1, 2)));
    const reasons: string[] = [];
    const graph = source.graph('m', (reason) => reasons.push(reason));
    await vi.advanceTimersByTimeAsync(5000);
    expect(new Uint8Array(await graph)).toEqual(Uint8Array.of(1, 2));
    expect(asked).toEqual(['model/m/graph', 'model/m/graph']);
    expect(reasons).toEqual(['still reading']);
  });

  test('a model that cannot be read is not', async () => {
    const asked = serve(refusal(422, { message: 'truncated' }));
    await expect(source.graph('m', () => undefined)).rejects.toThrow('truncated');
    expect(asked.length).toBe(1);
  });
});

test('a report carries everything with it', async () => {
  const packed = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
    return Buffer.from(await new Response(stream).arrayBuffer()).toString('base64');
  };
  const running = { allowed: false as const, reason: 'this is a file' };
  const entry = { id: 'a1', kind: 'profile' as const, label: 'a', logged: true, created: '' };
  const details = { operators: [{ id: 0 }, { id: 1 }], tensors: [{ id: 0 }] };
  const errors = { ...entry, id: 'e0', kind: 'layer_error' as const };
  const source = new EmbeddedSource({
    listing: {
      models: [],
      scan: { running: false, roots: [], entries: 0, notes: [] },
      version: '1',
      running,
    },
    graph: await packed(Uint8Array.of(5, 6)),
    details: await packed(new TextEncoder().encode(JSON.stringify(details))),
    reports: { ops: await packed(Uint8Array.of(7)) },
    fixes: {},
    runs: [
      { entry, report: await packed(Uint8Array.of(8)), trace: await packed(Uint8Array.of(9)) },
      { entry: errors, report: '', closeups: await packed(Uint8Array.of(10)) },
    ],
  });
  expect((await source.listing()).version).toBe('1');
  expect(new Uint8Array(await source.graph())).toEqual(Uint8Array.of(5, 6));
  expect(new Uint8Array(await source.report('any', 'ops'))).toEqual(Uint8Array.of(7));
  expect(await source.operator('any', 1)).toEqual({ id: 1 });
  expect(await source.tensor('any', 0)).toEqual({ id: 0 });
  expect(await source.runs()).toEqual({ runs: [entry, errors], jobs: [], pending: false });
  expect(new Uint8Array(await source.runReport('any', 'a1'))).toEqual(Uint8Array.of(8));
  expect(new Uint8Array(await source.trace('any', 'a1'))).toEqual(Uint8Array.of(9));
  expect(new Uint8Array(await source.closeups('any', 'e0'))).toEqual(Uint8Array.of(10));
  await expect(source.closeups('any', 'a1')).rejects.toThrow('no closeups');
  await expect(source.trace('any', 'e0')).rejects.toThrow('no trace');
  expect(source.errorsUrl()).toBeNull();
  await expect(source.start()).rejects.toThrow('runs nothing');
});
