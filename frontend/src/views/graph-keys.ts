/** The keys of the graph. */
import type { GraphController } from '../graph/controller.ts';
import { boxToSee, itemAt } from '../graph/items.ts';
import { firstBox, neighbour, type Direction } from '../graph/neighbours.ts';
import { groupsBelow } from '../state/navigation.ts';
import type { Loaded, Store } from '../state/store.ts';
import { activate, goOut } from './graph-binding.ts';

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

export function onGraphKey(
  event: KeyboardEvent,
  store: Store,
  loaded: Loaded,
  controller: GraphController,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  const act = arrow === undefined ? action(event.key, store, loaded, controller) : null;
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

function action(
  key: string,
  store: Store,
  loaded: Loaded,
  controller: GraphController,
): (() => void) | undefined {
  const item = store.primary.value;
  const { scene } = controller;
  const actions: Partial<Record<string, () => void>> = {
    Enter: () => {
      if (item !== null) activate(store, loaded, item);
    },
    Escape: () => {
      if (store.search.value === '') store.select([]);
      else store.setSearch('');
    },
    Backspace: () => goOut(store, loaded),
    e: () => void store.setOpen(groupsBelow(loaded.hierarchy, store.root.value)),
    c: () => void store.setOpen([]),
    x: () => void store.setFlat(!store.flat.value),
    '+': () => controller.zoomBy(ZOOM, true),
    '=': () => controller.zoomBy(ZOOM, true),
    '-': () => controller.zoomBy(1 / ZOOM, true),
    f: () => controller.fitAll(),
    s: () => {
      if (scene !== null)
        controller.fitBoxes(
          store.selection.value.map((one) => boxToSee(scene, loaded.model, loaded.hierarchy, one)),
        );
    },
    '0': () => controller.actualSize(),
  };
  return actions[key];
}
