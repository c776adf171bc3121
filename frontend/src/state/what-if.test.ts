import { signal, type Signal } from '@preact/signals';
import { beforeEach, expect, test } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import type { Source } from '../host/source.ts';
import type { Loaded } from './store.ts';
import { createWhatIf } from './what-if.ts';

function reportBytes(name: string): ArrayBuffer {
  const header = { report: name, over: 'operators', rows: 0, summary: {}, findings: [], reportColumns: [] };
  return encodeContainer(header, {});
}

const model = (id: string): Loaded => ({ id, model: { operatorCount: 0 } }) as unknown as Loaded;

let loaded: Signal<Loaded | null>;
let lens: Signal<string | null>;
let answers: Map<string, () => void>;
let whatIf: ReturnType<typeof createWhatIf>;

beforeEach(() => {
  loaded = signal(null);
  lens = signal(null);
  answers = new Map();
  const source = {
    whatIfPartitions: (id: string, name: string) =>
      new Promise((resolve, reject) => {
        answers.set(`${id} ${name}`, () => resolve(reportBytes(name)));
        answers.set(`${id} ${name} fails`, () => reject(new Error('it cannot')));
      }),
  } as unknown as Source;
  whatIf = createWhatIf({ source, loaded, lens, remember: () => undefined });
});

async function answer(which: string): Promise<void> {
  answers.get(which)!();
  answers.delete(which);
  await new Promise((resolve) => setTimeout(resolve));
}

const explained = (): string[] => [...whatIf.reasons.value.keys()];

test('reasons of the delegate that the tab shows and of the one that colours the graph, in whichever order they come', async () => {
  loaded.value = model('m');
  lens.value = 'delegates.ethos_u';
  whatIf.look('nnapi');
  await answer('m nnapi');
  await answer('m ethos-u');
  expect(explained()).toEqual(['nnapi', 'ethos-u']);
  expect(whatIf.reasons.value.get('nnapi')?.name).toBe('nnapi');
  // What is there is not asked for again.
  answers.clear();
  whatIf.look('nnapi');
  expect(answers.size).toBe(0);
});

test('a link to another view of the same model leaves them', async () => {
  const now = model('m');
  loaded.value = now;
  whatIf.look('nnapi');
  await answer('m nnapi');
  whatIf.restore(null, now);
  expect(explained()).toEqual(['nnapi']);
});

test('another model has its own, and those that come too late are not its', async () => {
  loaded.value = model('m');
  whatIf.look('nnapi');
  await answer('m nnapi');
  whatIf.look('coreml');
  loaded.value = null;
  expect(explained()).toEqual([]);
  loaded.value = model('other');
  await answer('m coreml');
  expect(explained()).toEqual([]);
});

test('what cannot be had is asked for again when it is looked at again', async () => {
  loaded.value = model('m');
  whatIf.look('nnapi');
  await answer('m nnapi fails');
  expect(explained()).toEqual([]);
  whatIf.look('nnapi');
  await answer('m nnapi');
  expect(explained()).toEqual(['nnapi']);
});
