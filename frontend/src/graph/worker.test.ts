import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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

/** What the worker says to a request. */
function ask(request: Record<string, unknown>): Posted[] {
  posted.length = 0;
  scope.onmessage!({ data: { id: ++count, ...request } as unknown as Request });
  for (const { answer } of posted) expect(answer.id).toBe(count);
  return [...posted];
}

function last(said: Posted[]): Answer {
  return said[said.length - 1].answer;
}

const VIEW = { root: 0, flat: false, open: [] };

test('before a model is loaded requests fail with a reason', () => {
  expect(last(ask({ type: 'layout', view: VIEW }))).toMatchObject({
    type: 'failed',
    reason: 'no model is loaded',
  });
  expect(last(ask({ type: 'search', query: 'x' }))).toMatchObject({
    type: 'failed',
    reason: 'no model is loaded',
  });
});

test('what is no model fails with a reason', () => {
  const said = ask({ type: 'load', buffer: new ArrayBuffer(3) });
  expect(last(said)).toMatchObject({ type: 'failed', reason: 'the answer is not model data' });
});

test('a model is loaded phase by phase, laid out and searched', () => {
  const loading = ask({ type: 'load', buffer: decoderStack({ layers: 3, named: true }).encode() });
  expect(loading.map(({ answer }) => (answer.type === 'progress' ? answer.phase : answer.type))).toEqual([
    'reading operators',
    'finding groups',
    'loaded',
  ]);
  const said = ask({ type: 'layout', view: VIEW });
  const answer = last(said);
  if (answer.type !== 'scene') throw new Error('no scene');
  expect(answer.scene.boxes.kind.length).toBeGreaterThan(3);
  const { transfer } = said[said.length - 1];
  expect(transfer).toContain(answer.scene.lines.points.buffer);
  expect(new Set(transfer).size).toBe(transfer.length);
  expect(last(ask({ type: 'search', query: 'softmax' }))).toMatchObject({
    type: 'matches',
    matches: { operators: { length: 3 } },
  });
});

test('a scene can be asked for again after it was handed over', () => {
  const scenes = [1, 2].map(() => {
    const said = ask({ type: 'layout', view: VIEW });
    const answer = last(said);
    if (answer.type !== 'scene') throw new Error('no scene');
    return structuredClone(answer.scene, { transfer: said[said.length - 1].transfer });
  });
  expect(scenes[0]).toEqual(scenes[1]);
});

test('a view of a group that does not exist fails with a reason', () => {
  expect(last(ask({ type: 'layout', view: { ...VIEW, root: 9999 } })).type).toBe('failed');
});
