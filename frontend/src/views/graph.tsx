import { useEffect, useRef } from 'preact/hooks';
import { effect, useSignal } from '@preact/signals';
import type { Rect } from '../graph/camera.ts';
import type { Picture } from '../graph/renderer.ts';
import type { GraphController } from '../graph/controller.ts';
import type { Item } from '../graph/items.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName, tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { bindGraph } from './graph-binding.ts';
import { onGraphKey } from './graph-keys.ts';
import { GraphToolbar } from './graph-toolbar.tsx';
import { HoverCard, type Hovered } from './hover-card.tsx';
import { Legend } from './legend.tsx';

export function GraphView({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const canvas = useRef<HTMLCanvasElement>(null);
  const controller = useRef<GraphController | null>(null);
  const hovered = useSignal<Hovered | null>(null);
  const window = useSignal<Rect | null>(null);
  const picture = useSignal<Picture | null>(null);
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

  const failure = store.layoutFailure.value;
  return (
    <main class="graph">
      <GraphToolbar loaded={loaded} controller={controller} />
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
            if (controller.current !== null) onGraphKey(event, store, loaded, controller.current);
          }}
        >
          <canvas ref={canvas} />
        </div>
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

/** What a screen reader says of an item. */
function describe({ model, hierarchy }: Loaded, { kind, id }: Item): string {
  if (kind === 'tensor') return `Tensor ${tensorName(model, id)}`;
  if (kind === 'operator')
    return `${operatorTypeName(model, id)}, operator ${id}, ${operatorName(model, id)}`;
  const group = hierarchy.groups[id];
  return `Group ${group.name}, ${group.end - group.start} operators`;
}
