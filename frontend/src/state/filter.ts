/** The filter in the top bar: its text, and what it finds. The graph, the tables and the outline show the same. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { Cancelled } from '../graph/client.ts';
import { debounced } from '../lib/debounce.ts';
import { WrongFilter } from '../table/client.ts';
import { testedColumns } from '../table/filter.ts';
import type { Wrong } from '../table/protocol.ts';
import { BASE, type Matched } from '../table/tables.ts';
import type { Loaded } from './store.ts';

/** Typing pauses longer than this between two words, not between two letters. */
const PAUSE_MS = 120;

export type Filter = ReturnType<typeof createFilter>;

export function createFilter(loaded: ReadonlySignal<Loaded | null>) {
  const text = signal('');
  /** What matches; null while nothing is filtered. What was found stays while the next is looked for. */
  const matches = signal<Matched | null>(null);
  const wrong = signal<Wrong | null>(null);
  /** Whether what is found does not answer the text yet. */
  const busy = signal(false);
  const pause = debounced(PAUSE_MS, () => void find());

  /** Of every operator whether it matches. */
  const operatorMask = computed(() => maskOf(matches.value?.operators, loaded.value?.model.operatorCount));
  const tensorMask = computed(() => maskOf(matches.value?.tensors, loaded.value?.model.tensorCount));

  function set(value: string): void {
    text.value = value;
    busy.value = value.trim() !== '';
    if (value.trim() === '') pause.now();
    else pause.later();
  }

  async function find(): Promise<void> {
    pause.cancel();
    const query = text.value;
    const now = loaded.peek();
    const isCurrent = (): boolean => text.value === query && loaded.peek() === now;
    if (query.trim() === '' || now === null) {
      matches.value = null;
      wrong.value = null;
      busy.value = false;
      return;
    }
    busy.value = true;
    try {
      await askFor(now, query);
      const found = await now.tables.filter(query);
      if (!isCurrent()) return;
      matches.value = found;
      wrong.value = null;
    } catch (error) {
      if (!isCurrent() || error instanceof Cancelled) return;
      matches.value = null;
      wrong.value =
        error instanceof WrongFilter
          ? error.wrong
          : { message: error instanceof Error ? error.message : String(error), position: query.length };
    } finally {
      if (isCurrent()) busy.value = false;
    }
  }

  return { text, matches, wrong, busy, operatorMask, tensorMask, set, find };
}

/** Fetches the reports that a filter speaks of: the lists, those that it names, and all where a column is in none of these. */
async function askFor({ reports }: Loaded, query: string): Promise<void> {
  await Promise.all(Object.values(BASE).map((name) => reports.ask(name)));
  const isKnown = (name: string): boolean =>
    [...reports.operators.peek(), ...reports.tensors.peek()].some(({ filterName }) => filterName === name);
  const unknown = testedColumns(query).filter((name) => !isKnown(name));
  const named = unknown.map((name) => name.split('.')[0]).filter((name) => reports.names.includes(name));
  await Promise.allSettled(named.map((name) => reports.ask(name)));
  if (!unknown.every(isKnown)) await reports.askAll();
}

function maskOf(rows: Int32Array | undefined, count: number | undefined): Uint8Array | null {
  if (rows === undefined || count === undefined) return null;
  const mask = new Uint8Array(count);
  for (const row of rows) mask[row] = 1;
  return mask;
}
