/** The store with the real worker behind it, on this thread. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { signal } from '@preact/signals';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openIdOf } from '../graph/calls.ts';
import { OPEN_GROUP, OPEN_OPERATOR } from '../graph/scene.ts';
import { decoderStack, ModelBuilder, operatorOf } from '../graph/testing.ts';
import { encodeReport, listingOf, quantities } from '../table/testing.ts';
import type { Host } from '../host/host.ts';
import { ServerError } from '../host/server.ts';
import type { Entry, Source } from '../host/source.ts';
import { createStore, type Store } from './store.ts';

/** Whose request is being answered, also where the answer takes turns. */
const asked = new AsyncLocalStorage<LocalWorker>();
const scope = {
  onmessage: null as ((event: { data: unknown }) => void) | null,
  postMessage: (answer: unknown) => asked.getStore()?.onmessage?.({ data: answer }),
};
const receivers: ((event: { data: unknown }) => void)[] = [];

beforeAll(async () => {
  vi.stubGlobal('self', scope);
  await import('../graph/worker.ts');
  receivers.push(scope.onmessage!);
  await import('../table/worker.ts');
  receivers.push(scope.onmessage!);
});
afterAll(() => vi.unstubAllGlobals());

class LocalWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  private isOpen = true;

  constructor(private readonly which: number) {}

  postMessage(request: unknown): void {
    queueMicrotask(() => {
      if (!this.isOpen) return;
      asked.run(this, () => receivers[this.which]({ data: request }));
    });
  }

  terminate(): void {
    this.isOpen = false;
  }
}

const STACK = decoderStack({ layers: 4, named: true });

function entry(id: string): Entry {
  return {
    id,
    key: `run/${id}`,
    sha256: id,
    name: id,
    label: id,
    run: '',
    tag: '',
    step: null,
    size: 1,
    modified: 0,
    error: null,
  };
}

const NOTHING_RUNS = { allowed: false as const, reason: 'a test' };

let url: string;
let pushed: string[];
let navigate: () => void;
let graph: (model: string) => Promise<ArrayBuffer>;
let partitions: (delegate: string, query: string) => Promise<ArrayBuffer>;
let report: (model: string, name: string) => Promise<ArrayBuffer>;

beforeEach(() => {
  url = '';
  pushed = [];
  partitions = () => Promise.reject(new Error('not asked for here'));
  graph = () => Promise.resolve(STACK.encode());
  report = (_, name) => Promise.resolve(listingOf(STACK.build(), name));
});

async function started(): Promise<Store> {
  const host: Host = {
    kind: 'page',
    dark: signal(false),
    theme: signal('auto'),
    setTheme: null,
    read: () => url,
    write: (state, push) => {
      url = state;
      if (push) pushed.push(state);
    },
    onNavigate: (listener) => (navigate = listener),
    onReload: () => undefined,
    link: () => url,
  };
  const missing = (): Promise<never> => Promise.reject(new Error('not asked for here'));
  const source: Source = {
    listing: () =>
      Promise.resolve({
        models: [entry('first'), entry('second')],
        scan: { running: false, roots: [], entries: 2, notes: [] },
        version: '1',
        running: NOTHING_RUNS,
      }),
    graph: (model) => graph(model),
    operator: missing,
    tensor: missing,
    histogram: missing,
    slice: missing,
    npyUrl: () => null,
    channels: missing,
    report: (model, name) => report(model, name),
    hasWhatIfs: true,
    whatIf: missing,
    whatIfPartitions: (_model, delegate, query) => partitions(delegate, query),
    fixes: missing,
    runs: () => Promise.resolve({ runs: [], jobs: [], pending: false }),
    runReport: missing,
    trace: missing,
    traceUrl: () => null,
    closeups: missing,
    errorsUrl: () => null,
    fileUrl: () => null,
    start: missing,
    job: missing,
    cancel: missing,
  };
  const worker = (which: number) => () => new LocalWorker(which) as unknown as Worker;
  const store = createStore(host, source, { graph: worker(0), table: worker(1) });
  await store.start();
  return store;
}

describe('at the start', () => {
  test('the first model is shown', async () => {
    const store = await started();
    expect(store.modelId.value).toBe('first');
    expect(store.scene.value!.boxes.kind.length).toBeGreaterThan(3);
    expect([store.phase.value, store.layoutPhase.value, store.failure.value]).toEqual([null, null, null]);
  });

  test('the URL says what is shown', async () => {
    url = 'model=second&tab=overview&sel=o5&q=softmax';
    const store = await started();
    expect(store.entry.value!.id).toBe('second');
    expect(store.tab.value).toBe('overview');
    expect(store.primary.value).toEqual({ kind: 'operator', id: 5 });
    expect(store.matches.value!.operators.length).toBe(4);
  });

  test('a URL that asks for what is not there is no failure', async () => {
    url = 'model=first&root=9999&open=zz.zz&sel=o99999.g9999.t5';
    const store = await started();
    expect([store.root.value, store.selection.value]).toEqual([0, [{ kind: 'tensor', id: 5 }]]);
    expect(store.failure.value).toBeNull();
  });
});

describe('a model that cannot be shown', () => {
  test('is a failure with its place in the file', async () => {
    graph = () =>
      Promise.reject(
        new ServerError(422, { message: 'truncated', file: 'a.tflite', offset: 1234, table: 'Tensor' }),
      );
    const store = await started();
    expect(store.failure.value).toEqual({
      title: 'This model cannot be shown',
      reason: 'truncated',
      details: ['File: a.tflite', 'Byte: 1,234', 'Part: Tensor'],
    });
    expect([store.loaded.value, store.phase.value]).toEqual([null, null]);
  });

  test('does not stand in the way of the next', async () => {
    graph = (model) =>
      model === 'first'
        ? Promise.reject(new Error('the server does not answer'))
        : Promise.resolve(STACK.encode());
    const store = await started();
    expect(store.failure.value!.reason).toBe('the server does not answer');
    await store.choose('second');
    expect(store.failure.value).toBeNull();
    expect(store.scene.value).not.toBeNull();
  });

  test('nor does one that was left before it came', async () => {
    let deliver: ((buffer: ArrayBuffer) => void) | null = null;
    const store = await started();
    graph = (model) =>
      model === 'first' ? new Promise((resolve) => (deliver = resolve)) : Promise.resolve(STACK.encode());
    const left = store.choose('first');
    await store.choose('second');
    deliver!(decoderStack({ layers: 1 }).encode());
    await left;
    expect(store.loaded.value!.id).toBe('second');
  });
});

describe('in the graph', () => {
  test('an item is shown by opening what is around it', async () => {
    const store = await started();
    await store.setOpen([]);
    const { model, hierarchy } = store.loaded.value!;
    const id = operatorOf(model, 'model/layers.2/attention/softmax');
    const before = store.focusRequests.value;
    await store.goTo({ kind: 'operator', id });
    const { kind, item } = store.scene.value!.boxes;
    expect(Array.from(item).some((it, box) => it === id && kind[box] === 0)).toBe(true);
    expect(store.open.value.has(hierarchy.groupOf[id])).toBe(true);
    expect(store.focusRequests.value).toBe(before + 1);
    expect(url).toContain(`sel=o${id}`);
  });

  test('the operators of a finding are shown in the graph', async () => {
    const store = await started();
    store.setTab('overview');
    const before = store.focusRequests.value;
    store.showMany([1, 3]);
    expect(store.tab.value).toBe('graph');
    expect(store.selection.value.map(({ id }) => id)).toEqual([1, 3]);
    expect(store.focusRequests.value).toBe(before + 1);
    expect(url).toContain('sel=o1');
  });

  test('groups open and close', async () => {
    const store = await started();
    const layer = store.loaded.value!.hierarchy.groups.find(({ name }) => name === 'layers.0')!.id;
    await store.setOpen([]);
    const closed = store.scene.value!.boxes.kind.length;
    await store.toggle(store.loaded.value!.hierarchy.groups[layer].parent || layer);
    expect(store.scene.value!.boxes.kind.length).toBeGreaterThan(closed);
    expect(url).toContain('open=');
  });

  test('a view is left by going back', async () => {
    const store = await started();
    const layer = store.loaded.value!.hierarchy.groups.find(({ name }) => name === 'layers.1')!.id;
    const before = url;
    await store.enter(layer);
    expect(store.root.value).toBe(layer);
    expect(pushed.at(-1)).toContain(`root=${layer}`);
    url = before;
    navigate();
    await vi.waitFor(() => expect(store.root.value).toBe(0));
  });

  test('flat, all operators are shown', async () => {
    const store = await started();
    await store.setFlat(true);
    const { model } = store.loaded.value!;
    expect(store.scene.value!.boxes.kind.filter((kind) => kind === 0).length).toBe(model.operatorCount);
    expect(url).toContain('flat=1');
  });

  test('search finds, and forgets', async () => {
    const store = await started();
    store.setSearch('softmax');
    await vi.waitFor(() => expect(store.matches.value?.operators.length).toBe(4));
    store.setSearch(' ');
    await vi.waitFor(() => expect(store.matches.value).toBeNull());
  });
});

describe('the filter', () => {
  const outcome = async (store: Store, filter: string): Promise<unknown> => {
    store.setSearch(filter);
    await vi.waitFor(() => expect(store.filter.busy.value).toBe(false));
    return store.filter.wrong.value ?? store.matches.value!.operators.length;
  };

  test('waits for a pause, then finds in operators and tensors, and is in the URL', async () => {
    const store = await started();
    store.setSearch('so');
    expect(store.matches.value).toBeNull();
    store.setSearch('softmax');
    await vi.waitFor(() => expect(store.matches.value?.operators.length).toBe(4));
    expect(store.matches.value!.tensors.length).toBe(4);
    expect(store.filter.operatorMask.value!.reduce((a, b) => a + b)).toBe(4);
    expect(url).toContain('q=softmax');
  });

  test('that is wrong tells where, and finds nothing', async () => {
    const store = await started();
    expect(await outcome(store, 'conv speed>3')).toMatchObject({ position: 5 });
    expect(store.matches.value).toBeNull();
    expect(store.filter.wrong.value!.message).toContain('no column speed; there are name, op, weight_bytes');
    store.setSearch('softmax');
    await vi.waitFor(() => expect(store.matches.value?.operators.length).toBe(4));
    expect(store.filter.wrong.value).toBeNull();
  });

  test('that only one table can answer is none of the other’s', async () => {
    const store = await started();
    expect(await outcome(store, 'op:SOFTMAX')).toBe(4);
    expect(store.matches.value!.tensors.length).toBe(0);
    expect(await outcome(store, 'dtype:FLOAT32')).toBe(0);
    expect(store.matches.value!.tensors.length).toBeGreaterThan(10);
  });

  test('says why it has no answer when a report cannot be had', async () => {
    report = () => Promise.reject(new Error('the server is gone'));
    const store = await started();
    store.setSearch('softmax');
    await vi.waitFor(() => expect(store.filter.wrong.value?.message).toBe('the server is gone'));
    report = (_, name) => Promise.resolve(listingOf(STACK.build(), name));
    store.setSearch('softmax ');
    await vi.waitFor(() => expect(store.matches.value?.operators.length).toBe(4));
  });
});

describe('the lens', () => {
  test('shows families until its column is there', async () => {
    let deliver: (() => void) | null = null;
    const store = await started();
    report = (_, name) => new Promise((resolve) => (deliver = () => resolve(listingOf(STACK.build(), name))));
    expect(store.lens.lens.value!.id).toBeNull();
    store.setLens('ops.weight_bytes');
    expect([store.lens.lens.value!.id, store.lens.trouble.value]).toEqual([null, { error: null }]);
    expect(url).toContain('lens=ops.weight_bytes');
    deliver!();
    await vi.waitFor(() => expect(store.lens.lens.value!.id).toBe('ops.weight_bytes'));
    expect(store.lens.trouble.value).toBeNull();
  });

  test('asks for a report once', async () => {
    const asked: string[] = [];
    report = (_, name) => {
      asked.push(name);
      return Promise.resolve(listingOf(STACK.build(), name));
    };
    const store = await started();
    expect(asked).toEqual([]);
    store.setLens('ops.weight_bytes');
    store.setLens('ops.op');
    store.setSearch('softmax');
    await vi.waitFor(() => expect(store.matches.value).not.toBeNull());
    expect(asked.sort()).toEqual(['ops', 'tensors']);
  });

  test('that is not there says so, and the scene stays', async () => {
    url = 'lens=ops.speed';
    const store = await started();
    const { scene } = store;
    const before = scene.value;
    await vi.waitFor(() => expect(store.lens.trouble.value?.error).toContain('no column ops.speed'));
    store.setLens('nonsense.x');
    await vi.waitFor(() => expect(store.lens.trouble.value?.error).toContain('no report nonsense'));
    store.setLens('ops.op');
    await vi.waitFor(() => expect(store.lens.lens.value!.id).toBe('ops.op'));
    expect(scene.value).toBe(before);
  });
});

describe('a what-if', () => {
  /** Partitions in which the first operators are. */
  const answer = (first: number): ArrayBuffer => {
    const numbers = Array.from({ length: STACK.build().operatorCount }, (_, op) => (op < first ? 0 : NaN));
    return encodeReport('what_if', 'operators', [quantities('partition', numbers)]);
  };
  const inside = (store: Store): number | undefined => {
    const column = store.loaded.value?.reports.states.value.get('what_if')?.report?.columns[0];
    return column?.kind === 'quantity' ? column.values.filter((value) => value === 0).length : undefined;
  };

  test('is on the graph as it was chosen last, whatever comes last', async () => {
    const asked: string[] = [];
    const deliver: ((buffer: ArrayBuffer) => void)[] = [];
    partitions = (delegate, query) => {
      asked.push(`${delegate}?${query}`);
      return new Promise((resolve) => deliver.push(resolve));
    };
    const store = await started();
    store.whatIf.show('hexagon');
    store.setLens('what_if.partition');
    store.whatIf.choose(new Set([5]));
    store.whatIf.choose(new Set([5, 7]));
    expect(asked).toEqual(['hexagon?', 'hexagon?operators=5', 'hexagon?operators=5,7']);
    expect(url).toContain('whatif=hexagon');
    deliver[2](answer(3));
    await vi.waitFor(() => expect(store.lens.lens.value!.id).toBe('what_if.partition'));
    deliver[1](answer(7));
    await new Promise((resolve) => setTimeout(resolve));
    expect(inside(store)).toBe(3);
  });

  test('comes back from a link', async () => {
    const asked: string[] = [];
    partitions = (delegate, query) => {
      asked.push(`${delegate}?${query}`);
      return Promise.resolve(answer(4));
    };
    url = 'lens=what_if.partition&whatif=hexagon::5,7';
    const store = await started();
    await vi.waitFor(() => expect(inside(store)).toBe(4));
    expect(asked.at(-1)).toBe('hexagon?operators=5,7');
    expect(store.whatIf.delegate.value).toBe('hexagon');
  });

  test('that was not chosen, or cannot be had, is a lens with a reason', async () => {
    url = 'lens=what_if.partition';
    const store = await started();
    await vi.waitFor(() => expect(store.lens.trouble.value?.error).toContain('no what-if was chosen'));
    store.whatIf.show('hexagon');
    await vi.waitFor(() => expect(store.lens.trouble.value?.error).toContain('not asked for here'));
  });
});

describe('the table', () => {
  test('has the rows of the filter in the order asked for', async () => {
    const store = await started();
    store.showTable('operators');
    const { operatorCount } = store.loaded.value!.model;
    expect(store.table.rows.value.length).toBe(operatorCount);
    await vi.waitFor(() => expect(store.table.columns.value.length).toBeGreaterThan(2));
    store.sortBy('ops.weight_bytes', false);
    store.sortBy('ops.weight_bytes', false);
    await vi.waitFor(() => expect(store.table.rows.value[0]).toBe(4));
    store.setSearch('op:SOFTMAX');
    await vi.waitFor(() => expect(store.table.rows.value.length).toBe(4));
    const weights = Array.from(store.table.rows.value, (op) => op % 5);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    expect(url).toContain('sort=-ops.weight_bytes');
  });

  test('shows the column of the lens, and those that are chosen', async () => {
    const store = await started();
    store.showTable('operators');
    await vi.waitFor(() => expect(store.table.all.value.length).toBe(3));
    store.table.chooseColumns(['ops.name']);
    expect(store.table.columns.value.map(({ id }) => id)).toEqual(['ops.name']);
    store.setLens('ops.weight_bytes');
    expect(store.table.columns.value.map(({ id }) => id)).toEqual(['ops.name', 'ops.weight_bytes']);
    store.table.chooseColumns(null);
    expect(store.table.columns.value.map(({ id }) => id)).toEqual(['ops.op', 'ops.weight_bytes', 'ops.name']);
  });

  test('of tensors has tensors', async () => {
    url = 'table=tensors&sort=-tensors.bytes';
    const store = await started();
    const { tensorCount } = store.loaded.value!.model;
    await vi.waitFor(() => expect(store.table.rows.value[0]).toBe(tensorCount - 1));
  });
});

test('a model without operators is shown', async () => {
  graph = () => {
    const builder = new ModelBuilder();
    const x = builder.tensor('x');
    return Promise.resolve(builder.subgraph('main', [x], [x]).encode());
  };
  const store = await started();
  expect(store.failure.value).toBeNull();
  expect(store.scene.value!.boxes.kind.length).toBe(2);
});

describe('an operator that runs a subgraph', () => {
  const LOOP = 1;

  beforeEach(() => {
    const builder = new ModelBuilder();
    const x = builder.tensor('x');
    const ready = builder.apply('ADD', [x], 'ready');
    const end = builder.tensor('end');
    builder.runs(builder.operator('CALL', [ready], [end]), { callee: 1 });
    builder.subgraph('main', [x], [end]);
    const inner = builder.tensor('inner');
    const done = builder.apply('MUL', [inner], 'done');
    builder.subgraph('callee', [inner], [done]);
    graph = () => Promise.resolve(builder.encode());
  });

  const kinds = (store: Store): number[] => Array.from(store.scene.value!.boxes.kind);

  test('opens in place with what it runs, which the URL holds, and closes again', async () => {
    const store = await started();
    const closed = store.scene.value!.boxes.kind.length;
    await store.toggleOperator(LOOP);
    expect(kinds(store)).toContain(OPEN_OPERATOR);
    expect(kinds(store)).toContain(OPEN_GROUP);
    expect([...store.open.value]).toContain(openIdOf(store.loaded.value!.hierarchy, LOOP));
    const other = await started();
    expect(kinds(other)).toEqual(kinds(store));
    await store.toggleOperator(LOOP);
    expect(store.scene.value!.boxes.kind.length).toBe(closed);
  });

  test('keeps the view when one goes to what it runs; closed, that is a view of its own', async () => {
    const store = await started();
    await store.toggleOperator(LOOP);
    await store.goTo({ kind: 'operator', id: 2 });
    expect(store.root.value).toBe(0);
    await store.toggleOperator(LOOP);
    await store.goTo({ kind: 'operator', id: 2 });
    expect(store.root.value).toBe(1);
  });
});

test('a layout that is cancelled leaves everything as it was', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000)); // every step is a long one
  const store = await started();
  const before = store.scene.value;
  const flattening = store.setFlat(true);
  await vi.waitUntil(() => store.layoutPhase.value !== null, { interval: 1 });
  expect(url).toContain('flat=1');
  store.cancelLayout();
  await flattening;
  expect([store.flat.value, store.layoutPhase.value, store.layoutFailure.value]).toEqual([false, null, null]);
  expect(store.scene.value).toBe(before);
  expect(url).toBe('model=first');
  await store.setFlat(true);
  expect(store.scene.value).not.toBe(before);
  vi.restoreAllMocks();
});
