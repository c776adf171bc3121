/** Ties the graph's controller to the store: scenes and marks go in, selections and moves come out. */
import { computed, effect, type Signal } from '@preact/signals';
import { GraphController } from '../graph/controller.ts';
import type { Rect } from '../graph/camera.ts';
import type { Hit } from '../graph/hits.ts';
import { boxesOf, boxesOfItems, boxOf, boxToSee, itemAt, sameItem, type Item } from '../graph/items.ts';
import { drawingOf, paintOf } from '../graph/model-drawing.ts';
import type { Picture } from '../graph/renderer.ts';
import type { Scene } from '../graph/scene.ts';
import { tracedIn } from '../graph/traced.ts';
import { familyLens } from '../lens/lens.ts';
import { encodeItem } from '../state/item-url.ts';
import { DARK, LIGHT } from '../lib/palette.ts';
import { otherEnd, outside } from '../state/navigation.ts';
import type { Loaded, Store } from '../state/store.ts';
import { rowOf } from '../wire/csr.ts';
import type { Hovered } from './hover-card.tsx';

export interface Binding {
  controller: GraphController;
  dispose: () => void;
}

/** What the views around the canvas want to know of it. */
export interface Outlets {
  hovered: Signal<Hovered | null>;
  /** The part of the scene that is on the screen. */
  window: Signal<Rect | null>;
  /** What is shown, without what the pointer is at. */
  picture: Signal<Picture | null>;
}

export function bindGraph(
  store: Store,
  loaded: Loaded,
  canvas: HTMLCanvasElement,
  { hovered, window, picture }: Outlets,
): Binding {
  const { model, hierarchy } = loaded;
  const lens = computed(() => store.lens.lens.value ?? familyLens(model));
  const theme = computed(() => (store.host.dark.value ? DARK : LIGHT));
  const controller: GraphController = new GraphController(canvas, theme.peek(), {
    select: (box, extend) => {
      if (controller.scene !== null) choose(store, itemAt(controller.scene, box), extend);
    },
    selectAll: (boxes) => {
      const { scene } = controller;
      if (scene !== null)
        add(
          store,
          boxes.map((box) => itemAt(scene, box)),
        );
    },
    selectLine: (line) => {
      const { scene } = controller;
      if (scene !== null) store.select([{ kind: 'tensor', id: scene.lines.tensor[line] }]);
    },
    clear: () => {
      if (store.selection.value.length > 0) store.select([]);
    },
    activate: (box) => {
      if (controller.scene !== null) activate(store, loaded, itemAt(controller.scene, box));
    },
    stub: (stub) => {
      if (controller.scene === null) return;
      const { tensor, arrives } = controller.scene.stubs;
      const ends = otherEnd(model, tensor[stub], arrives[stub] === 1);
      if (ends.length === 1) void store.goTo(ends[0]);
      else store.select(ends);
    },
    hover: (hit, x, y) => {
      const item = controller.scene === null ? null : itemOf(controller.scene, hit);
      if (item !== null || hovered.peek() !== null) {
        const isRight = x > canvas.clientWidth / 2;
        const isLow = y > canvas.clientHeight / 2;
        const tensors = hit.line < 0 ? [] : [...rowOf(controller.scene!.lines.tensors, hit.line)];
        hovered.value = item === null ? null : { item, tensors, x, y, isRight, isLow };
      }
    },
    moved: () => (window.value = controller.window),
    drawn: () => performance.mark('tflite-viz:drawn'),
  });
  let wasIsolated = false;
  const stops = [
    effect(() => {
      const scene = store.scene.value;
      if (scene === null) return;
      const drawing = drawingOf(
        model,
        hierarchy,
        scene,
        paintOf(hierarchy, scene, lens.peek(), theme.peek()),
      );
      // What is left of a large graph is small in it: it is shown as large as it fits.
      const isOnlyNow = store.isIsolated.peek() && !wasIsolated;
      wasIsolated = store.isIsolated.peek();
      controller.show(drawing, isOnlyNow ? null : anchorIn(store, loaded, controller.scene, scene));
      picture.value = controller.picture;
    }),
    effect(() => {
      const scene = store.scene.peek();
      controller.setTheme(theme.value);
      const paint = [lens.value, theme.value] as const;
      if (scene !== null) controller.setPaint(paintOf(hierarchy, scene, ...paint));
      picture.value = controller.picture;
    }),
    effect(() => {
      const scene = store.scene.value;
      if (scene === null) return;
      const { selection, matches, reached } = store;
      controller.setMarks({
        selected: boxesOfItems(scene, hierarchy, selection.value),
        tensors: new Set(selection.value.filter(({ kind }) => kind === 'tensor').map(({ id }) => id)),
        matches: matches.value === null ? null : boxesOf(scene, hierarchy, matches.value),
        traced: reached.value === null ? null : tracedIn(scene, hierarchy, reached.value),
      });
      picture.value = controller.picture;
    }),
    effect(() => controller.setWeighsLines(store.weighsLines.value)),
    effect(() => {
      if (store.focusRequests.value === 0) return;
      const item = store.primary.peek();
      const scene = store.scene.peek();
      if (item !== null && scene !== null) controller.reveal(boxToSee(scene, model, hierarchy, item));
    }),
  ];
  return {
    controller,
    dispose: () => {
      for (const stop of stops) stop();
      controller.dispose();
    },
  };
}

/** Opens or closes a group, or an operator that runs subgraphs. In a flat view all is open. */
export function activate(store: Store, { model }: Loaded, item: Item): void {
  if (store.flat.value) return;
  if (item.kind === 'group') {
    if (item.id !== store.root.value) void store.toggle(item.id);
    return;
  }
  if (item.kind === 'operator' && model.controlFlow.has(item.id)) void store.toggleOperator(item.id);
}

/** Out of a group to the one around it, out of a subgraph to the operator that runs it. */
export function goOut(store: Store, { model, hierarchy }: Loaded): void {
  const next = outside(model, hierarchy, store.root.value);
  if (next?.kind === 'group') void store.enter(next.id);
  else if (next != null) void store.goTo(next);
}

/** The item at which the pointer is: of a line or a cut edge the tensor that it carries. */
function itemOf(scene: Scene, { box, line, stub }: Hit): Item | null {
  if (box >= 0) return itemAt(scene, box);
  if (line >= 0) return { kind: 'tensor', id: scene.lines.tensor[line] };
  return stub >= 0 ? { kind: 'tensor', id: scene.stubs.tensor[stub] } : null;
}

/** Adds to the selection what is not in it yet. */
function add(store: Store, items: readonly Item[]): void {
  const before = store.selection.value;
  const known = new Set(before.map(encodeItem));
  const more = items.filter((item) => !known.has(encodeItem(item)));
  if (more.length > 0) store.select([...before, ...more]);
}

function choose(store: Store, item: Item, extend: boolean): void {
  const before = store.selection.value;
  const others = before.filter((other) => !sameItem(other, item));
  if (!extend) store.select([item]);
  else store.select(others.length < before.length ? others : [...others, item]);
}

/**
 * What stays put on the screen when the view changes: the group that was opened or closed, else the selection, if both
 * scenes show it. Null for another part of the model, which is fitted.
 */
function anchorIn(
  store: Store,
  { hierarchy }: Loaded,
  before: Scene | null,
  after: Scene,
): { before: number; after: number } | null {
  if (before === null) return null;
  const toggled = store.lastToggled.peek();
  for (const item of [...(toggled === null ? [] : [toggled]), ...store.selection.peek()]) {
    const pair = { before: boxOf(before, hierarchy, item), after: boxOf(after, hierarchy, item) };
    if (pair.before >= 0 && pair.after >= 0) return pair;
  }
  return null;
}
