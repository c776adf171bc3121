import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer, Request } from './protocol.ts';
import { decoderStack } from './testing.ts';

interface Posted {
  answer: Answer;
  transfer: ArrayBuffer[];
}

const posted: Posted[] = [];
const scope = {
  onmessage: null as ((event: { data: Request }) => void) | null,
  postMessage: (answer: Answer, { transfer }: { transfer: ArrayBuffer[] }) =>
    void posted.push({ answer, transfer }),
};

beforeAll(async () => {
  vi.stubGlobal('self', scope);
  await import('./worker.ts');
});
afterAll(() => vi.unstubAllGlobals());

let count = 0;

/** Sends a request; returns its id. */
function send(request: Record<string, unknown>): number {
  scope.onmessage!({ data: { id: ++count, ...request } as unknown as Request });
  return count;
}

/** What the worker says to a request, when it has said its last. */
async function ask(request: Record<string, unknown>): Promise<Posted[]> {
  posted.length = 0;
  const id = send(request);
  await vi.waitUntil(() => posted.some(({ answer }) => answer.type !== 'progress'));
  for (const { answer } of posted) expect(answer.id).toBe(id);
  return [...posted];
}

function last(said: Posted[]): Answer {
  return said[said.length - 1].answer;
}

const VIEW = { root: 0, flat: false, open: [], only: null };
const FLAT = { ...VIEW, flat: true };

test('before a model is loaded a layout fails with a reason', async () => {
  const reason = 'no model is loaded';
  expect(last(await ask({ type: 'layout', view: VIEW }))).toMatchObject({ type: 'failed', reason });
});

test('what is no model fails with a reason', async () => {
  const said = await ask({ type: 'load', buffer: new ArrayBuffer(3) });
  expect(last(said)).toMatchObject({ type: 'failed', reason: 'the answer is not model data' });
});

test('a model is loaded phase by phase and laid out', async () => {
  const buffer = decoderStack({ layers: 3, named: true }).encode();
  const loading = await ask({ type: 'load', buffer });
  expect(loading.map(({ answer }) => (answer.type === 'progress' ? answer.phase : answer.type))).toEqual([
    'reading operators',
    'finding groups',
    'loaded',
  ]);
  const said = await ask({ type: 'layout', view: VIEW });
  const answer = last(said);
  if (answer.type !== 'scene') throw new Error('no scene');
  expect(answer.scene.boxes.kind.length).toBeGreaterThan(3);
  const { transfer } = said[said.length - 1];
  expect(transfer).toContain(answer.scene.lines.points.buffer);
  expect(new Set(transfer).size).toBe(transfer.length);
});

test('a scene can be asked for again after it was handed over', async () => {
  const scenes = [];
  for (let i = 0; i < 2; i++) {
    const said = await ask({ type: 'layout', view: VIEW });
    const answer = last(said);
    if (answer.type !== 'scene') throw new Error('no scene');
    scenes.push(structuredClone(answer.scene, { transfer: said[said.length - 1].transfer }));
  }
  expect(scenes[0]).toEqual(scenes[1]);
});

test('a view of a group that does not exist fails with a reason', async () => {
  expect(last(await ask({ type: 'layout', view: { ...VIEW, root: 9999 } })).type).toBe('failed');
});

describe('a long layout', () => {
  beforeEach(async () => {
    // Every reading of the clock is a turn later: no step is too short to be interrupted.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    await ask({ type: 'load', buffer: decoderStack({ layers: 40 }).encode() });
    posted.length = 0;
  });
  afterEach(() => vi.restoreAllMocks());

  /** The final answer to each request, by its id. */
  async function answers(ids: number[]): Promise<string[]> {
    const final = (id: number): string | undefined =>
      posted.find(({ answer }) => answer.id === id && answer.type !== 'progress')?.answer.type;
    await vi.waitUntil(() => ids.every((id) => final(id) !== undefined));
    return ids.map((id) => final(id)!);
  }

  test('says what it does', async () => {
    const said = await ask({ type: 'layout', view: FLAT });
    const phases = said.flatMap(({ answer }) => (answer.type === 'progress' ? [answer.phase] : []));
    expect(phases[0]).toBe('laying out: finding edges');
    expect(phases).toContain('laying out: reducing crossings');
    expect(phases.at(-1)).toBe('laying out: drawing lines');
  });

  test('ends when it is cancelled', async () => {
    const id = send({ type: 'layout', view: FLAT });
    send({ type: 'cancel', id });
    expect(await answers([id])).toEqual(['cancelled']);
  });

  test('is not ended by what cancels another', async () => {
    const id = send({ type: 'layout', view: FLAT });
    send({ type: 'cancel', id: id - 1 });
    expect(await answers([id])).toEqual(['scene']);
  });

  test('gives way to a newer one, and both leave the worker sound', async () => {
    const ids = [FLAT, VIEW, FLAT].map((view) => send({ type: 'layout', view }));
    expect(await answers(ids)).toEqual(['cancelled', 'cancelled', 'scene']);
    expect(last(await ask({ type: 'layout', view: VIEW })).type).toBe('scene');
  });

  test('ends when another model is loaded', async () => {
    const id = send({ type: 'layout', view: FLAT });
    const load = send({ type: 'load', buffer: decoderStack({ layers: 1 }).encode() });
    expect(await answers([id, load])).toEqual(['cancelled', 'loaded']);
  });
});
