import { signal, type Signal } from '@preact/signals';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import type { Job, RunEntry, RunRequest } from '../host/runs.ts';
import type { Source } from '../host/source.ts';
import { traceBytes } from '../profile/testing.ts';
import { createRuns, type Runs } from './runs.ts';
import type { Loaded } from './store.ts';

const REQUEST: RunRequest = { kind: 'partition', options: { delegate: 'xnnpack' } };

function entry(id: string, kind: RunEntry['kind'] = 'profile'): RunEntry {
  return { id, kind, label: id, logged: false, created: '' };
}

function job(state: Job['state'], more: Partial<Job> = {}): Job {
  const base = { id: 'j', title: 't', phase: '', done: 0, total: 0, ahead: 0, seconds: 0 };
  return { ...base, state, result: null, error: null, ...more };
}

function reportBytes(name: string): ArrayBuffer {
  const header = { report: name, over: 'operators', rows: 0, summary: {}, findings: [], reportColumns: [] };
  return encodeContainer(header, {});
}

let entries: RunEntry[];
let jobs: Job[];
let states: Job[];
/** The run whose report comes after those of others. */
let slow: string | null;
let given: [string, string][];
let remembered: number;
let unreadable: string | null;
let loaded: Signal<Loaded | null>;
let runs: Runs;

function model(id: string): Loaded {
  return {
    id,
    model: { operatorCount: 0, reports: [] },
    reports: { give: (name: string) => given.push([id, name]) },
  } as unknown as Loaded;
}

beforeEach(() => {
  vi.useFakeTimers();
  [entries, jobs, states, given, remembered, slow] = [[], [], [], [], 0, null];
  unreadable = null;
  loaded = signal(null);
  const source = {
    runs: () => Promise.resolve({ runs: entries, jobs, pending: false }),
    runReport: async (_: string, id: string) => {
      if (id === slow) await new Promise((resolve) => setTimeout(resolve, 100));
      if (id === unreadable) throw new Error(`${id} is unreadable`);
      return reportBytes(entries.find((run) => run.id === id)?.kind ?? 'profile');
    },
    trace: () => Promise.resolve(traceBytes([])),
    start: () => Promise.resolve(job('waiting')),
    job: () => Promise.resolve(states.length > 1 ? states.shift()! : states[0]),
    cancel: () => {
      states = [job('cancelled')];
      return Promise.resolve();
    },
  } as unknown as Source;
  runs = createRuns({ source, loaded, remember: () => remembered++ });
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2000);

async function open(id = 'm'): Promise<void> {
  loaded.value = model(id);
  await settle();
}

describe('what is shown', () => {
  test('the newest profile and the newest partition', async () => {
    entries = [entry('a'), entry('p', 'partition'), entry('b'), entry('q', 'partition')];
    await open();
    expect(runs.shown.value).toEqual(['b']);
    expect(runs.partitionId.value).toBe('q');
    expect([...runs.profiles.value.keys()]).toEqual(['b']);
    expect(given).toEqual([
      ['m', 'profile'],
      ['m', 'partition'],
    ]);
    expect(remembered).toBe(0);
  });

  test('the newest errors of layers; others stay until those that were asked for are there', async () => {
    entries = [entry('a', 'layer_error'), entry('b', 'layer_error')];
    await open();
    expect(runs.errorsId.value).toBe('b');
    expect(runs.errors.value?.name).toBe('layer_error');
    expect(given).toEqual([['m', 'layer_error']]);
    const asked = runs.chooseErrors('a');
    expect(runs.errorsId.value).toBe('b');
    await asked;
    expect(runs.errorsId.value).toBe('a');
    entries = [];
    await open('other');
    expect([runs.errorsId.value, runs.errors.value]).toEqual([null, null]);
  });

  test('errors that cannot be read say so until others are chosen', async () => {
    entries = [entry('a', 'layer_error'), entry('b', 'layer_error')];
    await open();
    unreadable = 'a';
    await runs.chooseErrors('a');
    expect([runs.failure.value, runs.errorsId.value]).toEqual(['a is unreadable', 'b']);
    await runs.chooseErrors('b');
    expect([runs.failure.value, runs.errorsId.value]).toEqual([null, 'b']);
  });

  test('of errors that are asked for one after the other the last ones', async () => {
    entries = [entry('a', 'layer_error'), entry('b', 'layer_error'), entry('c', 'layer_error')];
    await open();
    slow = 'a';
    await Promise.all([runs.chooseErrors('a'), runs.chooseErrors('b'), settle()]);
    expect(runs.errorsId.value).toBe('b');
  });

  test('what the URL names, also when it is read first; what is gone gives way to the newest', async () => {
    entries = [entry('a'), entry('b'), entry('c')];
    runs.restore(['b', 'a'], null);
    await open();
    expect(runs.shown.value).toEqual(['b', 'a']);
    runs.restore(['gone'], null);
    await settle();
    await open('m2');
    expect(runs.shown.value).toEqual(['c']);
  });

  test('a link that is opened while its model is shown', async () => {
    entries = [entry('a'), entry('b'), entry('c', 'layer_error'), entry('d', 'layer_error')];
    await open();
    runs.restore(['a'], 'c');
    await settle();
    expect([runs.shown.value, runs.errorsId.value, runs.errorsOpen.value]).toEqual([['a'], 'c', true]);
    runs.restore([], null);
    await settle();
    expect([runs.shown.value, runs.errorsId.value, runs.errorsOpen.value]).toEqual([['a'], 'c', false]);
    expect(remembered).toBe(0);
  });

  test('errors that the URL names are shown instead of the newest', async () => {
    entries = [entry('c', 'layer_error'), entry('d', 'layer_error')];
    runs.restore([], 'c');
    await open();
    expect([runs.errorsId.value, runs.errorsOpen.value]).toEqual(['c', true]);
  });

  test('only the first of several is the one of lenses', async () => {
    entries = [entry('a'), entry('b')];
    await open();
    given = [];
    await runs.choose(['a', 'b']);
    expect(given).toEqual([['m', 'profile']]);
    expect([...runs.profiles.value.keys()].sort()).toEqual(['a', 'b']);
    expect(remembered).toBe(1);
  });

  test('another model begins with nothing of the last', async () => {
    entries = [entry('a')];
    await open();
    entries = [];
    await open('other');
    expect([runs.shown.value, runs.profiles.value.size, runs.entries.value]).toEqual([[], 0, []]);
  });
});

describe('a job', () => {
  test('is followed until its run is shown', async () => {
    await open();
    states = [job('running', { phase: 'inferences', done: 3, total: 9 }), job('done', { result: 'new' })];
    await runs.start(REQUEST);
    expect(runs.job.value!.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(300);
    expect(runs.job.value).toMatchObject({ state: 'running', phase: 'inferences', done: 3 });
    entries = [entry('new')];
    await settle();
    expect(runs.job.value).toBeNull();
    expect(runs.shown.value).toEqual(['new']);
    expect(remembered).toBe(1);
  });

  test('of errors of layers shows them', async () => {
    await open();
    states = [job('done', { result: 'new' })];
    const options = { reference: 'r', kernels: 'builtin', reference_kernels: 'builtin', samples: 8, seed: 0 };
    await runs.start({ kind: 'layer_error', options });
    entries = [entry('new', 'layer_error')];
    await settle();
    expect([runs.job.value, runs.errorsId.value]).toEqual([null, 'new']);
  });

  test('that was cancelled says so until it is closed', async () => {
    await open();
    states = [job('running')];
    await runs.start(REQUEST);
    await vi.advanceTimersByTimeAsync(300);
    await runs.cancel();
    await settle();
    expect(runs.job.value!.state).toBe('cancelled');
    runs.dismiss();
    expect(runs.job.value).toBeNull();
  });

  test('that failed keeps its error, and one that runs cannot be closed', async () => {
    await open();
    states = [job('running')];
    await runs.start(REQUEST);
    runs.dismiss();
    expect(runs.job.value).not.toBeNull();
    states = [job('failed', { error: { kind: 'RuntimeCrash', message: 'SIGSEGV', log: '' } })];
    await settle();
    expect(runs.job.value!.error!.message).toBe('SIGSEGV');
  });

  test('of before a reload is found again', async () => {
    jobs = [job('running')];
    states = [job('running', { phase: 'warm-up' })];
    await open();
    expect(runs.job.value).toMatchObject({ state: 'running', phase: 'warm-up' });
  });

  test('of another model is not taken for this one’s', async () => {
    await open();
    states = [job('running')];
    await runs.start(REQUEST);
    await open('other');
    expect(runs.job.value).toBeNull();
    states = [job('done', { result: 'new' })];
    await settle();
    expect(runs.shown.value).toEqual([]);
  });
});
