/** The state of the page, as signals, and what changes it. The URL mirrors it; views only read it and call actions. */
import { batch, computed, signal } from '@preact/signals';
import { Cancelled, GraphClient, type WorkerFactory } from '../graph/client.ts';
import { calleesOf, openIdOf, operatorOfOpenId } from '../graph/calls.ts';
import { findBox } from '../graph/drawing.ts';
import { openAtFirst, type Hierarchy } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import { OPEN_GROUP, type Scene } from '../graph/scene.ts';
import { reachedBy, type Trace } from '../graph/traced.ts';
import type { Host } from '../host/host.ts';
import { ServerError, type Entry, type Listing, type Source } from '../host/source.ts';
import { TableClient } from '../table/client.ts';
import type { Over } from '../table/tables.ts';
import { decodeModel, type Model } from '../wire/model.ts';
import { createFilter } from './filter.ts';
import { createLens } from './lens.ts';
import { groupsToOpen } from './navigation.ts';
import { createRuns } from './runs.ts';
import { Reports } from './reports.ts';
import { createTable } from './table.ts';
import { existing } from './trace-url.ts';
import { decodeState, encodeState, type Tab } from './url.ts';

export interface Failure {
  title: string;
  reason: string;
  details: string[];
}

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
  const root = signal(0);
  const flat = signal(false);
  const open = signal<ReadonlySet<number>>(new Set());
  const openIsDefault = signal(true);
  /** What was opened or closed last: it stays where it is on the screen. */
  const lastToggled = signal<Item | null>(null);
  const scene = signal<Scene | null>(null);
  const layoutPhase = signal<string | null>(null);
  const layoutFailure = signal<string | null>(null);
  const selection = signal<readonly Item[]>([]);
  const filter = createFilter(loaded);
  const lens = createLens(loaded);
  const table = createTable(loaded, filter, lens);
  const outline = signal(false);
  /** Counts requests to bring the selection into view; the graph answers them. */
  const focusRequests = signal(0);

  const entry = computed<Entry | null>(
    () => listing.value?.models.find(({ id, key }) => id === modelId.value || key === modelId.value) ?? null,
  );
  const primary = computed<Item | null>(() => selection.value.at(-1) ?? null);
  const trace = signal<Trace | null>(null);
  const weighsLines = signal(false);
  /** What the trace holds, null while nothing is traced. */
  const reached = computed(() => {
    if (trace.value === null || loaded.value === null) return null;
    return reachedBy(loaded.value.model, loaded.value.hierarchy, trace.value);
  });

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
      trace: trace.value,
      weighsLines: weighsLines.value,
    });
    host.write(state, push && state !== remembered);
    remembered = state;
  }

  const runs = createRuns({ source, loaded, remember: () => remember(false) });

  let polls = 0;

  async function start(): Promise<void> {
    host.onNavigate(() => void restore());
    host.onReload(() => void refresh(true));
    await refresh(false);
    await restore();
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
    if (!same || loaded.value === null) await load(wanted);
    const { hierarchy, model } = loaded.peek() ?? {};
    if (hierarchy === undefined || model === undefined || modelId.peek() !== wanted) return;
    batch(() => {
      root.value = state.root !== null && state.root < hierarchy.groups.length ? state.root : 0;
      flat.value = state.flat;
      openIsDefault.value = state.open === null;
      const before = open.value;
      open.value =
        state.open === null
          ? openAtFirst(hierarchy, root.value)
          : new Set(state.open.filter((id) => operatorOfOpenId(hierarchy, id) < model.operatorCount));
      lastToggled.value = onlyDifference(hierarchy, before, open.value);
      const isKnown = (item: Item): boolean => exists(item, model, hierarchy);
      selection.value = state.selection.filter(isKnown);
      trace.value = existing(state.trace, isKnown);
      weighsLines.value = state.weighsLines;
    });
    await Promise.all([layout(), filter.find()]);
    if (selection.value.length > 0) focusRequests.value++;
  }

  async function choose(id: string): Promise<void> {
    batch(() => {
      selection.value = [];
      filter.set('');
      trace.value = null;
    });
    await load(id);
    const now = loaded.peek();
    if (now === null || modelId.peek() !== id) return;
    batch(() => {
      root.value = 0;
      flat.value = false;
      openIsDefault.value = true;
      open.value = openAtFirst(now.hierarchy, 0);
    });
    remember(true);
    await layout();
  }

  async function load(id: string): Promise<void> {
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
    const client = new GraphClient(workers.graph);
    try {
      const buffer = await source.graph(id, (reason) => (phase.value = reason));
      if (modelId.peek() !== id) return;
      const [hierarchy, model] = await Promise.all([
        client.load(buffer.slice(0), (step) => (phase.value = step)),
        Promise.resolve(decodeModel(buffer)),
      ]);
      if (modelId.peek() !== id) return;
      const tables = new TableClient(workers.table);
      const reports = new Reports(id, model.reports, source, tables);
      loaded.value = { id, model, hierarchy, client, reports, tables };
    } catch (error) {
      client.close();
      if (error instanceof Cancelled || modelId.peek() !== id) return;
      failure.value = describe(error, 'This model cannot be shown');
    } finally {
      if (modelId.peek() === id) phase.value = null;
    }
  }

  let layouts = 0;
  /** What the scene shows: where a layout that is cancelled leads back to. */
  let shown = { root: 0, flat: false, open: open.peek(), openIsDefault: true };

  async function layout(): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    const count = ++layouts;
    const view = { root: root.value, flat: flat.value, open: open.value, openIsDefault: openIsDefault.value };
    layoutFailure.value = null;
    try {
      const made = await now.client.layout({ ...view, open: [...view.open] }, (step) => {
        if (count === layouts) layoutPhase.value = step;
      });
      if (count !== layouts) return;
      shown = view;
      scene.value = made;
    } catch (error) {
      if (error instanceof Cancelled || count !== layouts) return;
      layoutFailure.value = error instanceof Error ? error.message : String(error);
    } finally {
      if (count === layouts) layoutPhase.value = null;
    }
  }

  /** Leaves off the layout that is under way and stays with the scene that is shown. */
  function cancelLayout(): void {
    layouts++;
    loaded.peek()?.client.cancel();
    batch(() => {
      layoutPhase.value = null;
      root.value = shown.root;
      flat.value = shown.flat;
      open.value = shown.open;
      openIsDefault.value = shown.openIsDefault;
    });
    remember(false);
  }

  function select(items: readonly Item[]): void {
    selection.value = items;
    remember(false);
  }

  function selectMany(operators: Iterable<number>): void {
    select(Array.from(operators, (id): Item => ({ kind: 'operator', id })));
  }

  /** Selects an item and shows it in the graph, opening what is around it. */
  async function goTo(item: Item, push = true): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    const groups = groupsToOpen(now.model, now.hierarchy, item);
    const before = [root.value, flat.value, open.value];
    batch(() => {
      tab.value = 'graph';
      selection.value = [item];
      // What one goes to is to be seen.
      if (trace.value?.hidesRest === true) trace.value = { ...trace.value, hidesRest: false };
      const inside = groups.includes(root.value) || isInPlace(groups[0]);
      if (!inside) {
        root.value = groups[0];
        flat.value = false;
        open.value = openAtFirst(now.hierarchy, groups[0]);
        openIsDefault.value = true;
      }
      const missing = flat.value
        ? []
        : groups.filter((group) => group !== root.value && !open.value.has(group));
      if (missing.length > 0) {
        open.value = new Set([...open.value, ...missing]);
        openIsDefault.value = false;
      }
    });
    remember(push);
    const isSame = before[0] === root.value && before[1] === flat.value && before[2] === open.value;
    if (!isSame || scene.value === null) await layout();
    focusRequests.value++;
  }

  /** Whether a subgraph shows its operators within the operator that runs it. */
  function isInPlace(subgraph: number): boolean {
    return scene.peek() !== null && findBox(scene.peek()!, [OPEN_GROUP], subgraph) >= 0;
  }

  async function toggle(group: number): Promise<void> {
    const next = new Set(open.value);
    if (!next.delete(group)) next.add(group);
    await openInPlace(next, { kind: 'group', id: group });
  }

  /** Opens an operator that runs subgraphs where it stands, and these as far as a first view goes; or closes it. */
  async function toggleOperator(operator: number): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    const { model, hierarchy } = now;
    const next = new Set(open.value);
    const id = openIdOf(hierarchy, operator);
    if (!next.delete(id)) {
      next.add(id);
      for (const { subgraph } of calleesOf(model, operator))
        for (const group of [subgraph, ...openAtFirst(hierarchy, subgraph)]) next.add(group);
    }
    await openInPlace(next, { kind: 'operator', id: operator });
  }

  async function openInPlace(next: ReadonlySet<number>, toggled: Item): Promise<void> {
    batch(() => {
      lastToggled.value = toggled;
      open.value = next;
      openIsDefault.value = false;
    });
    remember(true);
    await layout();
  }

  async function setOpen(groups: Iterable<number>): Promise<void> {
    batch(() => {
      lastToggled.value = null;
      open.value = new Set(groups);
      openIsDefault.value = false;
    });
    remember(true);
    await layout();
  }

  /** Fills the view with a group: a subgraph, or one that was entered. */
  async function enter(group: number): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    batch(() => {
      tab.value = 'graph';
      lastToggled.value = null;
      root.value = group;
      flat.value = false;
      open.value = openAtFirst(now.hierarchy, group);
      openIsDefault.value = true;
      selection.value = [];
    });
    remember(true);
    await layout();
  }

  async function setFlat(value: boolean): Promise<void> {
    flat.value = value;
    lastToggled.value = null;
    remember(true);
    await layout();
  }

  /** Traces the selection, or ends the trace. */
  function setTrace(value: Trace | null): void {
    trace.value = value;
    remember(true);
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
    layoutPhase,
    layoutFailure,
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
    trace,
    reached,
    weighsLines,
    start,
    refresh,
    choose,
    select,
    selectMany,
    goTo,
    toggle,
    toggleOperator,
    cancelLayout,
    setOpen,
    enter,
    setFlat,
    setTrace,
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

/** What is open in one of two sets and not in the other, if it is the only such thing. */
function onlyDifference(
  hierarchy: Hierarchy,
  before: ReadonlySet<number>,
  after: ReadonlySet<number>,
): Item | null {
  const changed = [...before, ...after].filter((id) => before.has(id) !== after.has(id));
  if (changed.length !== 1) return null;
  const operator = operatorOfOpenId(hierarchy, changed[0]);
  return operator < 0 ? { kind: 'group', id: changed[0] } : { kind: 'operator', id: operator };
}

function exists(item: Item, model: Model, hierarchy: Hierarchy): boolean {
  const counts = { operator: model.operatorCount, tensor: model.tensorCount, group: hierarchy.groups.length };
  return item.id < counts[item.kind];
}

function describe(error: unknown, title: string): Failure {
  if (!(error instanceof ServerError))
    return { title, reason: error instanceof Error ? error.message : String(error), details: [] };
  const details = [];
  if (error.file !== null) details.push(`File: ${error.file}`);
  if (error.offset !== null) details.push(`Byte: ${error.offset.toLocaleString('en')}`);
  if (error.table !== null) details.push(`Part: ${error.table}`);
  return { title, reason: error.message, details };
}
