/** The part of the model that the graph shows: the group that fills it, what is open and traced in it, its layout. */
import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import { calleesOf, openIdOf, operatorOfOpenId } from '../graph/calls.ts';
import { Cancelled } from '../graph/client.ts';
import { findBox } from '../graph/drawing.ts';
import { openAtFirst, type Hierarchy } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import { OPEN_GROUP, type Scene } from '../graph/scene.ts';
import { reachedBy, type Trace } from '../graph/traced.ts';
import type { Loaded } from './store.ts';
import type { UrlState } from './url.ts';

export function createPlace(loaded: ReadonlySignal<Loaded | null>, remember: (push: boolean) => void) {
  const root = signal(0);
  const flat = signal(false);
  const open = signal<ReadonlySet<number>>(new Set());
  const openIsDefault = signal(true);
  /** What was opened or closed last: it stays where it is on the screen. */
  const lastToggled = signal<Item | null>(null);
  const trace = signal<Trace | null>(null);
  /** What the trace holds, null while nothing is traced. */
  const reached = computed(() => {
    if (trace.value === null || loaded.value === null) return null;
    return reachedBy(loaded.value.model, loaded.value.hierarchy, trace.value);
  });
  /** What alone is laid out; null for everything. */
  const only = computed(() => (trace.value?.hidesRest === true ? reached.value : null));
  const scene = signal<Scene | null>(null);
  /** Whether the scene has nothing but what was traced. */
  const isIsolated = signal(false);
  const layoutPhase = signal<string | null>(null);
  const layoutFailure = signal<string | null>(null);

  let layouts = 0;
  /** What the scene shows: where a layout that is cancelled leads back to. */
  let shown = { root: 0, flat: false, open: open.peek(), openIsDefault: true, trace: trace.peek() };

  async function layout(): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    const count = ++layouts;
    const view = {
      root: root.value,
      flat: flat.value,
      open: open.value,
      openIsDefault: openIsDefault.value,
      trace: trace.value,
    };
    const isolates = only.value !== null;
    layoutFailure.value = null;
    try {
      const made = await now.client.layout(
        { root: view.root, flat: view.flat, open: [...view.open], only: only.value },
        (step) => {
          if (count === layouts) layoutPhase.value = step;
        },
      );
      if (count !== layouts) return;
      shown = view;
      batch(() => {
        scene.value = made;
        isIsolated.value = isolates;
      });
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
      if (shown.trace?.hidesRest === true) trace.value = shown.trace;
      else if (trace.value !== null) trace.value = { ...trace.value, hidesRest: false };
    });
    remember(false);
  }

  /** A group as it is seen at first. */
  function startAt({ hierarchy }: Loaded, group: number): void {
    root.value = group;
    flat.value = false;
    open.value = openAtFirst(hierarchy, group);
    openIsDefault.value = true;
  }

  /** Takes over what the URL says. */
  function restorePlace({ hierarchy, model }: Loaded, state: UrlState): void {
    root.value = state.root !== null && state.root < hierarchy.groups.length ? state.root : 0;
    flat.value = state.flat;
    openIsDefault.value = state.open === null;
    const before = open.value;
    open.value =
      state.open === null
        ? openAtFirst(hierarchy, root.value)
        : new Set(state.open.filter((id) => operatorOfOpenId(hierarchy, id) < model.operatorCount));
    lastToggled.value = onlyDifference(hierarchy, before, open.value);
  }

  /** Opens groups, the outermost first, for what is in the last of them to be seen; whether that changed anything. */
  function openUpTo(now: Loaded, groups: readonly number[]): boolean {
    const before = [root.value, flat.value, open.value];
    if (!groups.includes(root.value) && !isInPlace(groups[0])) startAt(now, groups[0]);
    const missing = flat.value
      ? []
      : groups.filter((group) => group !== root.value && !open.value.has(group));
    if (missing.length > 0) {
      open.value = new Set([...open.value, ...missing]);
      openIsDefault.value = false;
    }
    return before[0] !== root.value || before[1] !== flat.value || before[2] !== open.value;
  }

  /** Whether a subgraph shows its operators within the operator that runs it. */
  function isInPlace(subgraph: number): boolean {
    return scene.peek() !== null && findBox(scene.peek()!, [OPEN_GROUP], subgraph) >= 0;
  }

  async function toggle(group: number): Promise<void> {
    const next = new Set(open.value);
    if (!next.delete(group)) next.add(group);
    await openExactly(next, { kind: 'group', id: group });
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
    await openExactly(next, { kind: 'operator', id: operator });
  }

  function setOpen(groups: Iterable<number>): Promise<void> {
    return openExactly(new Set(groups), null);
  }

  async function openExactly(next: ReadonlySet<number>, toggled: Item | null): Promise<void> {
    batch(() => {
      lastToggled.value = toggled;
      open.value = next;
      openIsDefault.value = false;
    });
    remember(true);
    await layout();
  }

  /** Traces, or ends the trace; lays out anew where that changes what there is to be seen. */
  async function setTrace(value: Trace | null): Promise<void> {
    const before = only.value;
    trace.value = value;
    lastToggled.value = null;
    remember(true);
    if (only.value !== before) await layout();
  }

  async function setFlat(value: boolean): Promise<void> {
    flat.value = value;
    lastToggled.value = null;
    remember(true);
    await layout();
  }

  return {
    root,
    flat,
    open,
    openIsDefault,
    lastToggled,
    trace,
    reached,
    only,
    scene,
    isIsolated,
    layoutPhase,
    layoutFailure,
    layout,
    cancelLayout,
    startAt,
    restorePlace,
    openUpTo,
    toggle,
    toggleOperator,
    setOpen,
    setTrace,
    setFlat,
  };
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
