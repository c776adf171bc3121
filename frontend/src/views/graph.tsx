import { useEffect, useRef } from 'preact/hooks';
import { effect, useSignal } from '@preact/signals';
import type { Rect } from '../graph/camera.ts';
import type { Picture } from '../graph/renderer.ts';
import type { GraphController } from '../graph/controller.ts';
import { sameItem } from '../graph/items.ts';
import type { Loaded, Store } from '../state/store.ts';
import { useStore } from './context.ts';
import { Corner } from './corner.tsx';
import { bindGraph } from './graph-binding.ts';
import { onGraphKey } from './graph-keys.ts';
import { GraphToolbar } from './graph-toolbar.tsx';
import { describe } from './graph-words.ts';
import { HoverCard, type Hovered } from './hover-card.tsx';
import { Legend } from './legend.tsx';

import { TraceBar } from './trace-bar.tsx';

export function GraphView({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const controller = useRef<GraphController | null>(null);
  const hovered = useSignal<Hovered | null>(null);
  const window = useSignal<Rect | null>(null);
  const picture = useSignal<Picture | null>(null);
  const mapFolded = useSignal(false);
  const spoken = useSignal('');

  useEffect(() => {
    if (canvas.current === null) return undefined;
    const binding = bindGraph(store, loaded, canvas.current, { hovered, window, picture });
    controller.current = binding.controller;
    // Scripts that drive the page find boxes through this: what a canvas shows is not in the document.
    Object.assign(canvas.current, { graph: binding.controller });
    return binding.dispose;
  }, [store, loaded, hovered, window, picture]);

  useEffect(
    () =>
      effect(() => {
        const item = store.primary.value;
        spoken.value = item === null ? '' : describe(loaded, item);
      }),
    [store, loaded, spoken],
  );

  // Keys that no other control is there for are the graph's.
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.target === document.body && controller.current !== null)
        onGraphKey(event, { store, loaded, controller: controller.current, mapFolded });
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [store, loaded, mapFolded]);

  const failure = store.layoutFailure.value;
  return (
    <main class="graph">
      <GraphToolbar loaded={loaded} controller={controller} mapFolded={mapFolded} />
      <div class="canvas-holder">
        {/* An application is a widget that handles its own keys: https://www.w3.org/TR/wai-aria-1.2/#application */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <div
          class="surface"
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          role="application"
          aria-label="Graph of the model. Arrow keys move the selection along the data; question mark lists all keys."
          onKeyDown={(event) => {
            if (controller.current !== null)
              onGraphKey(event, { store, loaded, controller: controller.current, mapFolded });
          }}
        >
          <canvas ref={canvas} />
        </div>
        {store.layoutPhase.value !== null && (
          <p class="working" role="status">
            {store.layoutPhase.value} …{' '}
            {store.scene.value !== null && (
              <button
                type="button"
                title="Stay with what is shown (Esc)"
                onClick={() => store.cancelLayout()}
              >
                Cancel
              </button>
            )}
          </p>
        )}
        {failure !== null && (
          <p class="canvas-note error-text" role="alert">
            This view could not be laid out: {failure}
          </p>
        )}
        {hovered.value !== null && !isTold(store, hovered.value) && (
          <HoverCard loaded={loaded} hovered={hovered.value} />
        )}
        <TraceBar loaded={loaded} controller={controller} />
        <Legend loaded={loaded} />
        <Corner controller={controller} picture={picture} window={window} folded={mapFolded} />
      </div>
      <p class="visually-hidden" aria-live="polite">
        {spoken.value}
      </p>
    </main>
  );
}

/** The details show it already. */
function isTold(store: Store, { item, tensors }: Hovered): boolean {
  const { value: primary } = store.primary;
  return tensors.length <= 1 && primary !== null && sameItem(primary, item);
}
