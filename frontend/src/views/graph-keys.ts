/** The keys of the graph. */
import type { Signal } from '@preact/signals';
import type { GraphController } from '../graph/controller.ts';
import { openableIn } from '../graph/calls.ts';
import { boxToSee, itemAt } from '../graph/items.ts';
import { firstBox, neighbour, type Direction } from '../graph/neighbours.ts';
import type { Loaded, Store } from '../state/store.ts';
import { TRACE_KINDS } from '../graph/traced.ts';
import { activate, goOut } from './graph-binding.ts';
import { changeHops, toggleRest, toggleTrace, TRACE_KEYS } from './tracing.ts';

const ARROWS: Partial<Record<string, Direction>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};
const PAN: Record<Direction, [dx: number, dy: number]> = {
  up: [0, -80],
  down: [0, 80],
  left: [-80, 0],
  right: [80, 0],
};
const ZOOM = 1.35;

/** What keys act on. */
export interface GraphContext {
  store: Store;
  loaded: Loaded;
  controller: GraphController;
  mapFolded: Signal<boolean>;
}

export function onGraphKey(event: KeyboardEvent, context: GraphContext): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { store, loaded, controller } = context;
  const arrow = ARROWS[event.key];
  const act = arrow === undefined ? actions(context)[event.key] : null;
  if (arrow === undefined && act === undefined) return;
  event.preventDefault();
  if (act != null) act();
  else if (arrow !== undefined && event.shiftKey) controller.panBy(...PAN[arrow]);
  else if (arrow !== undefined) step(arrow, store, loaded, controller);
}

/** Selects the neighbour of what is selected, or the first box. */
function step(
  direction: Direction,
  store: Store,
  { model, hierarchy }: Loaded,
  controller: GraphController,
): void {
  const { scene } = controller;
  if (scene === null) return;
  const item = store.primary.value;
  const box = item === null ? -1 : boxToSee(scene, model, hierarchy, item);
  const next = box < 0 ? firstBox(scene) : neighbour(scene, box, direction);
  if (next < 0) return;
  store.select([itemAt(scene, next)]);
  controller.reveal(next);
}

function actions(context: GraphContext): Partial<Record<string, () => void>> {
  const { store, loaded } = context;
  const item = store.primary.value;
  return {
    Enter: () => {
      if (item !== null) activate(store, loaded, item);
    },
    Escape: () => {
      if (store.layoutPhase.value !== null && store.scene.value !== null) store.cancelLayout();
      else if (store.search.value !== '') store.setSearch('');
      else if (store.trace.value !== null) void store.setTrace(null);
      else store.select([]);
    },
    Backspace: () => goOut(store, loaded),
    e: () => void store.setOpen(openableIn(loaded.model, loaded.hierarchy, store.root.value)),
    c: () => void store.setOpen([]),
    x: () => void store.setFlat(!store.flat.value),
    ...cameraActions(context),
    ...traceActions(store),
    b: () => store.setWeighsLines(!store.weighsLines.value),
    v: () => (context.mapFolded.value = !context.mapFolded.value),
  };
}

function cameraActions({ store, loaded, controller }: GraphContext): Partial<Record<string, () => void>> {
  const { scene } = controller;
  return {
    '+': () => controller.zoomBy(ZOOM, true),
    '=': () => controller.zoomBy(ZOOM, true),
    '-': () => controller.zoomBy(1 / ZOOM, true),
    f: () => controller.fitAll(),
    s: () => {
      if (scene !== null)
        controller.fitBoxes(
          store.selection.value.map((item) => boxToSee(scene, loaded.model, loaded.hierarchy, item)),
        );
    },
    '0': () => controller.actualSize(),
  };
}

function traceActions(store: Store): Partial<Record<string, () => void>> {
  return {
    ...Object.fromEntries(
      TRACE_KINDS.map((kind) => [TRACE_KEYS[kind], () => toggleTrace(store, kind)] as const),
    ),
    h: () => toggleRest(store),
    '[': () => changeHops(store, -1),
    ']': () => changeHops(store, 1),
  };
}
