/** The state of the page, as signals, and what changes it. The URL mirrors it; views only read it and call actions. */
import { batch, computed, signal } from '@preact/signals';
import { Cancelled, GraphClient, type WorkerFactory } from '../graph/client.ts';
import type { Hierarchy } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import type { Host } from '../host/host.ts';
import { type Entry, type Listing, type Source } from '../host/source.ts';
import { TableClient } from '../table/client.ts';
import type { Over } from '../table/tables.ts';
import { decodeModel, type Model } from '../wire/model.ts';
import { describe, type Failure } from './failure.ts';
import { createFilter } from './filter.ts';
import { createLens } from './lens.ts';
import { groupsToOpen } from './navigation.ts';
import { createPlace } from './place.ts';
import { createRuns } from './runs.ts';
import { Reports } from './reports.ts';
import { createTable } from './table.ts';
import { existing } from './trace-url.ts';
import { createWhatIf } from './what-if.ts';
import { decodeState, encodeState, type Tab } from './url.ts';

export interface Loaded {
  id: string;
  model: Model;
  hierarchy: Hierarchy;
  client: GraphClient;
  reports: Reports;
  tables: TableClient;
}

export interface Workers {
  graph: WorkerFactory;
  table: WorkerFactory;
}

export type Store = ReturnType<typeof createStore>;

const POLL_SOON_MS = 150;
const POLL_MS = 1000;

export function createStore(host: Host, source: Source, workers: Workers) {
  const listing = signal<Listing | null>(null);
  const listingFailure = signal<Failure | null>(null);
  const modelId = signal<string | null>(null);
  const loaded = signal<Loaded | null>(null);
  const phase = signal<string | null>(null);
  const failure = signal<Failure | null>(null);
  const tab = signal<Tab>('graph');
  const selection = signal<readonly Item[]>([]);
  const filter = createFilter(loaded);
  const lens = createLens(loaded);
  const table = createTable(loaded, filter, lens);
  const outline = signal(false);
  /** Counts requests to bring the selection into view; the graph answers them. */
  const focusRequests = signal(0);
  const place = createPlace(loaded, remember);
  const { root, flat, open, openIsDefault, lastToggled, trace, reached, scene, layout } = place;

  const entry = computed<Entry | null>(
    () => listing.value?.models.find(({ id, key }) => id === modelId.value || key === modelId.value) ?? null,
  );
  const primary = computed<Item | null>(() => selection.value.at(-1) ?? null);
  const weighsLines = signal(false);

  let remembered: string | null = null;

  /** Writes the state into the URL; with `push` the browser's back button returns to what was before. */
  function remember(push: boolean): void {
    const state = encodeState({
      model: entry.value?.sha256 ?? modelId.value,
      tab: tab.value,
      root: root.value,
      flat: flat.value,
      open: openIsDefault.value ? null : [...open.value],
      selection: [...selection.value],
      search: filter.text.value,
      lens: lens.id.value,
      log: lens.log.value,
      table: table.over.value,
      sort: [...table.sort.value],
      outline: outline.value,
      profile: [...runs.shown.value],
      errors: runs.errorsOpen.value ? (runs.errorsId.value ?? '') : null,
      trace: trace.value,
      whatIf: whatIf.encoded(),
      weighsLines: weighsLines.value,
    });
    host.write(state, push && state !== remembered);
    remembered = state;
  }

  const whatIf = createWhatIf({ source, loaded, lens: lens.id, remember: () => remember(false) });
  const runs = createRuns({ source, loaded, remember: () => remember(false) });

  /** Started before there is a model: its code is read while the server answers. */
  let spare: GraphClient | null = new GraphClient(workers.graph);
  let polls = 0;

  async function start(): Promise<void> {
    host.onNavigate(() => void restore());
    host.onReload(() => void refresh(true));
    await refresh(false);
    if (modelId.peek() === null) await restore();
  }

  /** Fetches the list of models, again and again while the server is still looking. */
  async function refresh(rescan: boolean): Promise<void> {
    try {
      const found = await source.listing(rescan);
      const before = entry.value?.sha256;
      listing.value = found;
      listingFailure.value = null;
      if (loaded.value !== null && entry.value?.sha256 !== before) remember(false);
      const waiting =
        found.scan.running || found.models.some(({ sha256, error }) => sha256 === null && error === null);
      if (waiting) setTimeout(() => void refresh(false), polls++ < 8 ? POLL_SOON_MS : POLL_MS);
      if (modelId.value === null && found.models.length > 0) await restore();
    } catch (error) {
      listingFailure.value = describe(error, 'The list of models could not be read');
    }
  }

  /** Takes over what the URL says. */
  async function restore(): Promise<void> {
    remembered = host.read();
    const state = decodeState(remembered);
    const wanted = state.model ?? firstReadable(listing.value)?.id ?? null;
    const same =
      wanted !== null && entry.value !== null && (entry.value.id === wanted || entry.value.key === wanted);
    batch(() => {
      tab.value = state.tab;
      filter.text.value = state.search;
      lens.id.value = state.lens;
      lens.log.value = state.log;
      table.over.value = state.table;
      table.sort.value = state.sort;
      outline.value = state.outline;
    });
    if (wanted === null) return;
    const take = (now: Loaded): void => {
      place.restorePlace(now, state);
      const isKnown = (item: Item): boolean => exists(item, now);
      selection.value = state.selection.filter(isKnown);
      trace.value = existing(state.trace, isKnown);
      weighsLines.value = state.weighsLines;
      whatIf.restore(state.whatIf, now);
      runs.restore(state.profile, state.errors);
    };
    const before = loaded.peek();
    if (same && before !== null) {
      batch(() => take(before));
      await layout();
    } else if (!(await load(wanted, take))) return;
    await filter.find();
    if (selection.value.length > 0) focusRequests.value++;
  }

  async function choose(id: string): Promise<void> {
    batch(() => {
      selection.value = [];
      filter.set('');
      trace.value = null;
    });
    await load(id, (now) => {
      place.startAt(now, 0);
      whatIf.restore(null, now);
      remember(true);
    });
  }

  /**
   * Fetches a model, takes over what is to be shown of it and lays that out. All of that is asked of the worker before
   * anything of the model is rendered, which takes as long again.
   *
   * @returns false where it did not come to that
   */
  async function load(id: string, take: (now: Loaded) => void): Promise<boolean> {
    loaded.peek()?.client.close();
    loaded.peek()?.tables.close();
    batch(() => {
      modelId.value = id;
      loaded.value = null;
      scene.value = null;
      selection.value = []; // of the model before: its numbers mean nothing here
      failure.value = null;
      phase.value = 'fetching';
    });
    const client = spare ?? new GraphClient(workers.graph);
    spare = null;
    try {
      const buffer = await source.graph(id, (reason) => (phase.value = reason));
      if (modelId.peek() !== id) return false;
      const [hierarchy, model] = await Promise.all([
        client.load(buffer.slice(0), (step) => (phase.value = step)),
        Promise.resolve(decodeModel(buffer)),
      ]);
      if (modelId.peek() !== id) return false;
      const tables = new TableClient(workers.table);
      const reports = new Reports(id, model.reports, source, tables);
      const now = { id, model, hierarchy, client, reports, tables };
      batch(() => {
        loaded.value = now;
        phase.value = null;
        take(now);
      });
    } catch (error) {
      client.close();
      if (error instanceof Cancelled || modelId.peek() !== id) return false;
      failure.value = describe(error, 'This model cannot be shown');
      phase.value = null;
      return false;
    }
    await layout();
    return modelId.peek() === id;
  }

  function select(items: readonly Item[]): void {
    selection.value = items;
    remember(false);
  }

  function selectMany(operators: Iterable<number>): void {
    select(Array.from(operators, (id): Item => ({ kind: 'operator', id })));
  }

  /** Selects operators and shows them in the graph as it stands. */
  function showMany(operators: Iterable<number>): void {
    batch(() => {
      tab.value = 'graph';
      selectMany(operators);
    });
    remember(true);
    focusRequests.value++;
  }

  /** Selects an item and shows it in the graph, opening what is around it. */
  async function goTo(item: Item, push = true): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    const hasChanged = batch(() => {
      tab.value = 'graph';
      selection.value = [item];
      // What one goes to is to be seen.
      const wasIsolated = place.only.value !== null;
      if (trace.value?.hidesRest === true) trace.value = { ...trace.value, hidesRest: false };
      const isOpened = place.openUpTo(now, groupsToOpen(now.model, now.hierarchy, item));
      return isOpened || wasIsolated;
    });
    remember(push);
    if (hasChanged || scene.value === null) await layout();
    focusRequests.value++;
  }

  /** Fills the view with a group: a subgraph, or one that was entered. */
  async function enter(group: number): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    batch(() => {
      tab.value = 'graph';
      lastToggled.value = null;
      place.startAt(now, group);
      selection.value = [];
    });
    remember(true);
    await layout();
  }

  function setWeighsLines(value: boolean): void {
    weighsLines.value = value;
    remember(false);
  }

  function setTab(value: Tab): void {
    tab.value = value;
    remember(true);
  }

  function setSearch(value: string): void {
    filter.set(value);
    remember(false);
  }

  function setLens(id: string | null): void {
    batch(() => {
      lens.id.value = id;
      lens.log.value = null;
    });
    remember(true);
  }

  function setLensLog(log: boolean | null): void {
    lens.log.value = log;
    remember(false);
  }

  function showTable(over: Over | null): void {
    table.over.value = over;
    remember(false);
  }

  function sortBy(column: string, add: boolean): void {
    table.sortBy(column, add);
    remember(false);
  }

  function showOutline(shown: boolean): void {
    outline.value = shown;
    remember(false);
  }

  return {
    host,
    source,
    listing,
    listingFailure,
    modelId,
    entry,
    loaded,
    phase,
    failure,
    tab,
    root,
    flat,
    open,
    lastToggled,
    scene,
    isIsolated: place.isIsolated,
    layoutPhase: place.layoutPhase,
    layoutFailure: place.layoutFailure,
    selection,
    primary,
    filter,
    search: filter.text,
    matches: filter.matches,
    lens,
    table,
    outline,
    focusRequests,
    runs,
    whatIf,
    trace,
    reached,
    weighsLines,
    start,
    refresh,
    choose,
    select,
    selectMany,
    showMany,
    goTo,
    toggle: place.toggle,
    toggleOperator: place.toggleOperator,
    cancelLayout: place.cancelLayout,
    setOpen: place.setOpen,
    enter,
    setFlat: place.setFlat,
    setTrace: place.setTrace,
    setWeighsLines,
    setTab,
    setSearch,
    setLens,
    setLensLog,
    showTable,
    sortBy,
    showOutline,
  };
}

function firstReadable(listing: Listing | null): Entry | null {
  return listing?.models.find(({ error }) => error === null) ?? listing?.models[0] ?? null;
}

function exists(item: Item, { model, hierarchy }: Loaded): boolean {
  const counts = { operator: model.operatorCount, tensor: model.tensorCount, group: hierarchy.groups.length };
  return item.id < counts[item.kind];
}
