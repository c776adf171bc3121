import { useEffect, useRef } from 'preact/hooks';
import { effect, useSignal, type Signal } from '@preact/signals';
import { GraphController } from '../graph/controller.ts';
import { findBox, GROUP_KINDS, OPERATOR_KINDS, TENSOR_KINDS } from '../graph/drawing.ts';
import type { Hierarchy } from '../graph/hierarchy.ts';
import { drawingOf } from '../graph/model-drawing.ts';
import { neighbour, type Direction } from '../graph/neighbours.ts';
import { CLOSED_GROUP, OPEN_GROUP, OPERATOR, type Scene } from '../graph/scene.ts';
import { DARK, LIGHT } from '../lib/palette.ts';
import type { Loaded, Store } from '../state/store.ts';
import type { Item } from '../state/url.ts';
import { operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { rowOf } from '../wire/csr.ts';
import { useStore } from './context.ts';
import { GraphToolbar } from './graph-toolbar.tsx';
import { HoverCard, type Hovered } from './hover-card.tsx';
import { Legend } from './legend.tsx';

export function GraphView({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const controller = useRef<GraphController | null>(null);
  const hovered = useSignal<Hovered | null>(null);
  const spoken = useSignal('');

  useEffect(() => {
    if (canvas.current === null) return undefined;
    const made = mount(store, loaded, canvas.current, hovered);
    controller.current = made.controller;
    return made.dispose;
  }, [store, loaded, hovered]);

  useEffect(
    () =>
      effect(() => {
        const item = store.primary.value;
        spoken.value = item === null ? '' : describeItem(loaded.model, loaded.hierarchy, item);
      }),
    [store, loaded, spoken],
  );

  const failure = store.layoutFailure.value;
  return (
    <main class="graph">
      <GraphToolbar loaded={loaded} controller={controller} />
      <div class="canvas-holder">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label="Graph of the model. Arrow keys move the selection along the data; question mark lists all keys."
          onKeyDown={(event) => {
            if (controller.current !== null) onKey(event, store, loaded, controller.current);
          }}
        />
        {store.layoutPhase.value !== null && store.scene.value === null && (
          <p class="canvas-note" role="status">
            {store.layoutPhase.value} …
          </p>
        )}
        {failure !== null && (
          <p class="canvas-note error-text" role="alert">
            This view could not be laid out: {failure}
          </p>
        )}
        {hovered.value !== null && <HoverCard loaded={loaded} hovered={hovered.value} />}
        <Legend loaded={loaded} />
      </div>
      <p class="visually-hidden" aria-live="polite">
        {spoken.value}
      </p>
    </main>
  );
}

/** Ties a controller to the store for as long as the canvas is there. */
function mount(store: Store, loaded: Loaded, canvas: HTMLCanvasElement, hovered: Signal<Hovered | null>) {
  const { model, hierarchy } = loaded;
  const itemOf = (scene: Scene, box: number): Item => {
    const kind = scene.boxes.kind[box];
    const id = scene.boxes.item[box];
    if (kind === OPERATOR) return { kind: 'operator', id };
    return { kind: kind === CLOSED_GROUP || kind === OPEN_GROUP ? 'group' : 'tensor', id };
  };
  const controller = new GraphController(canvas, store.host.dark.peek() ? DARK : LIGHT, () => model.families, {
    select: (box, extend) => {
      const { scene } = controller;
      if (scene === null) return;
      const item = itemOf(scene, box);
      const others = store.selection.value.filter(({ kind, id }) => kind !== item.kind || id !== item.id);
      if (!extend) store.select([item]);
      else store.select(others.length < store.selection.value.length ? others : [...others, item]);
    },
    clear: () => {
      if (store.selection.value.length > 0) store.select([]);
    },
    activate: (box) => {
      if (controller.scene !== null) activate(store, loaded, itemOf(controller.scene, box));
    },
    stub: (stub) => {
      const { scene } = controller;
      if (scene !== null) followStub(store, model, scene, stub);
    },
    hover: (box, x, y) => {
      const { scene } = controller;
      const next = scene === null || box < 0 ? null : { item: itemOf(scene, box), x, y };
      const now = hovered.peek();
      if (next === null && now === null) return;
      hovered.value = next;
    },
    drawn: () => performance.mark('tflite-viz:drawn'),
  });
  const effects = [
    effect(() => controller.setTheme(store.host.dark.value ? DARK : LIGHT)),
    effect(() => {
      const scene = store.scene.value;
      if (scene === null) return;
      const anchor = controller.scene === null ? null : anchorBetween(controller.scene, scene, store);
      controller.show(drawingOf(model, hierarchy, scene), anchor);
    }),
    effect(() => {
      const scene = store.scene.value;
      if (scene === null) return;
      const selected = new Set(store.selection.value.map((item) => boxOf(scene, hierarchy, item)).filter((box) => box >= 0));
      controller.setMarks({ selected, matches: matchedBoxes(store, scene, hierarchy) });
    }),
    effect(() => {
      if (store.focusRequests.value === 0) return;
      const item = store.primary.peek();
      const scene = store.scene.peek();
      if (item !== null && scene !== null) controller.reveal(boxOf(scene, hierarchy, item, model));
    }),
  ];
  return {
    controller,
    dispose: () => {
      for (const stop of effects) stop();
      controller.dispose();
    },
  };
}

/** The box that shows an item: its own, or that of what it is folded into. */
function boxOf(scene: Scene, hierarchy: Hierarchy, item: Item, model?: Model): number {
  if (item.kind === 'group') return findBox(scene, GROUP_KINDS, item.id);
  if (item.kind === 'operator') {
    const shown = hierarchy.host[item.id] >= 0 ? hierarchy.host[item.id] : item.id;
    return findBox(scene, OPERATOR_KINDS, shown);
  }
  const box = findBox(scene, TENSOR_KINDS, item.id);
  if (box >= 0 || model === undefined) return box;
  const from = model.producer[item.id];
  const users = rowOf(model.consumers, item.id);
  const op = from >= 0 ? from : users.length > 0 ? users[0] : -1;
  return op < 0 ? -1 : boxOf(scene, hierarchy, { kind: 'operator', id: op });
}

/** Boxes of what the search found; a closed group counts when it holds any of it. */
function matchedBoxes(store: Store, scene: Scene, hierarchy: Hierarchy): ReadonlySet<number> | null {
  const { value: matches } = store.matches;
  if (matches === null) return null;
  const places = Int32Array.from(matches.operators, (op) => hierarchy.place[op]).sort();
  const operators = new Set(Array.from(matches.operators, (op) => (hierarchy.host[op] >= 0 ? hierarchy.host[op] : op)));
  const tensors = new Set(matches.tensors);
  const found = new Set<number>();
  const { kind, item } = scene.boxes;
  for (let i = 0; i < kind.length; i++) {
    if (kind[i] === OPERATOR ? operators.has(item[i]) : kind[i] !== CLOSED_GROUP && kind[i] !== OPEN_GROUP && tensors.has(item[i]))
      found.add(i);
    if (kind[i] === CLOSED_GROUP || kind[i] === OPEN_GROUP) {
      const { start, end } = hierarchy.groups[item[i]];
      const at = lowerBound(places, start);
      if (at < places.length && places[at] < end) found.add(i);
    }
  }
  return found;
}

function lowerBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What stays put when the view changes: the selection if it is in both, else the group that was opened or closed. Null for
 * another part of the model, which is fitted.
 */
function anchorBetween(before: Scene, after: Scene, store: Store): { before: number; after: number } | null {
  const candidates = [store.lastToggled.peek(), ...store.selection.peek()];
  for (const item of candidates) {
    if (item === null) continue;
    const kinds = item.kind === 'group' ? GROUP_KINDS : item.kind === 'operator' ? OPERATOR_KINDS : TENSOR_KINDS;
    const pair = { before: findBox(before, kinds, item.id), after: findBox(after, kinds, item.id) };
    if (pair.before >= 0 && pair.after >= 0) return pair;
  }
  return null;
}

const PREFERRED_ROLES = ['body', 'then', 'decomposition', 'callee', 'init'];

function activate(store: Store, loaded: Loaded, item: Item): void {
  if (item.kind === 'group') {
    if (item.id !== store.root.value) void store.toggle(item.id);
    return;
  }
  const roles = item.kind === 'operator' ? loaded.model.controlFlow.get(item.id) : undefined;
  if (roles === undefined) return;
  const role = PREFERRED_ROLES.find((name) => name in roles) ?? Object.keys(roles)[0];
  void store.enter(roles[role]);
}

/** A stub leads to the other end of its edge. */
function followStub(store: Store, model: Model, scene: Scene, stub: number): void {
  const tensor = scene.stubs.tensor[stub];
  const from = model.producer[tensor];
  if (scene.stubs.arrives[stub] === 1) void store.goTo(from >= 0 ? { kind: 'operator', id: from } : { kind: 'tensor', id: tensor });
  else store.selectMany(new Set(rowOf(model.consumers, tensor)));
}

const ARROWS: Record<string, Direction> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' };
const PAN = 80;

function onKey(event: KeyboardEvent, store: Store, loaded: Loaded, controller: GraphController): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { scene } = controller;
  const item = store.primary.value;
  const arrow = ARROWS[event.key] as Direction | undefined;
  if (arrow !== undefined && scene !== null) {
    event.preventDefault();
    if (event.shiftKey) {
      controller.panBy(arrow === 'left' ? -PAN : arrow === 'right' ? PAN : 0, arrow === 'up' ? -PAN : arrow === 'down' ? PAN : 0);
      return;
    }
    const box = item === null ? -1 : boxOf(scene, loaded.hierarchy, item, loaded.model);
    const next = box < 0 ? firstBox(scene) : neighbour(scene, box, arrow);
    if (next < 0) return;
    store.select([itemAt(scene, next)]);
    controller.reveal(next);
    return;
  }
  const actions: Record<string, () => void> = {
    Enter: () => item !== null && activate(store, loaded, item),
    Escape: () => (store.search.value === '' ? store.select([]) : store.setSearch('')),
    Backspace: () => goOut(store, loaded),
    e: () => void store.setOpen(groupsBelow(loaded.hierarchy, store.root.value)),
    c: () => void store.setOpen([]),
    x: () => void store.setFlat(!store.flat.value),
    '+': () => controller.zoomBy(1.35),
    '=': () => controller.zoomBy(1.35),
    '-': () => controller.zoomBy(1 / 1.35),
    f: () => controller.fitAll(),
    s: () => item !== null && scene !== null && controller.fitBox(boxOf(scene, loaded.hierarchy, item, loaded.model)),
    '0': () => controller.actualSize(),
  };
  if (event.key in actions) {
    event.preventDefault();
    actions[event.key]();
  }
}

function itemAt(scene: Scene, box: number): Item {
  const kind = scene.boxes.kind[box];
  const id = scene.boxes.item[box];
  return { kind: kind === OPERATOR ? 'operator' : kind === CLOSED_GROUP || kind === OPEN_GROUP ? 'group' : 'tensor', id };
}

function firstBox(scene: Scene): number {
  const { kind, y, x } = scene.boxes;
  let best = -1;
  for (let i = 0; i < kind.length; i++)
    if (kind[i] !== OPEN_GROUP && (best < 0 || y[i] + x[i] < y[best] + x[best])) best = i;
  return best;
}

export function groupsBelow(hierarchy: Hierarchy, root: number): number[] {
  const { start, end } = hierarchy.groups[root];
  return hierarchy.groups.filter((group) => group.id !== root && group.start >= start && group.end <= end).map(({ id }) => id);
}

/** Out of a group to the one around it, out of a subgraph to the operator that runs it. */
export function goOut(store: Store, { hierarchy, model }: Loaded): void {
  const { value: root } = store.root;
  const { parent } = hierarchy.groups[root];
  if (parent >= 0) {
    void store.enter(parent);
    return;
  }
  const caller = callerOf(model, root);
  if (caller !== null) void store.goTo({ kind: 'operator', id: caller.operator });
}

/** The first operator that runs a subgraph, and as what. */
export function callerOf(model: Model, subgraph: number): { operator: number; role: string } | null {
  for (const [operator, roles] of model.controlFlow)
    for (const [role, target] of Object.entries(roles)) if (target === subgraph) return { operator, role };
  return null;
}

function describeItem(model: Model, hierarchy: Hierarchy, { kind, id }: Item): string {
  if (kind === 'tensor') return `Tensor ${tensorName(model, id)}`;
  if (kind === 'operator') return `${operatorTypeName(model, id)}, operator ${id}, ${operatorName(model, id)}`;
  const group = hierarchy.groups[id];
  return `Group ${group.name}, ${group.end - group.start} operators`;
}
