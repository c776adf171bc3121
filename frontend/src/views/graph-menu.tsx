/** What is done with the picture as a whole: how it is drawn, and files of it. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Signal, useSignal } from '@preact/signals';
import type { GraphController } from '../graph/controller.ts';
import { pngOf, svgOf } from '../graph/export.ts';
import { hierarchyPath } from './graph-words.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { download, fileName } from './download.ts';

interface Props {
  loaded: Loaded;
  controller: RefObject<GraphController | null>;
  mapFolded: Signal<boolean>;
}

export function GraphMenu({ loaded, controller, mapFolded }: Props) {
  const store = useStore();
  const menu = useRef<HTMLDetailsElement>(null);
  const note = useSignal('');
  const name = `${store.entry.value?.name ?? 'model'} ${hierarchyPath(loaded, store.root.value)}`;
  useEffect(() => {
    const { current: details } = menu;
    if (details === null) return undefined;
    const abort = new AbortController();
    const { signal } = abort;
    addEventListener(
      'pointerdown',
      (event) => {
        if (!details.contains(event.target as Node)) details.open = false;
      },
      { signal },
    );
    details.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Escape' || !details.open) return;
        event.stopPropagation();
        details.open = false;
        details.querySelector('summary')?.focus();
      },
      { signal },
    );
    return () => abort.abort();
  }, []);
  const save = async (
    make: () => Promise<{ blob: Blob; extension: string; note: string }>,
  ): Promise<void> => {
    note.value = 'Drawing …';
    try {
      const made = await make();
      download(made.blob, fileName(name, made.extension));
      note.value = made.note;
    } catch (error) {
      note.value = `The picture could not be made: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  return (
    <details ref={menu} class="menu">
      <summary title="How the graph is drawn, and pictures of it">Picture</summary>
      <div class="popover">
        <label>
          <input
            type="checkbox"
            checked={store.weighsLines.value}
            onChange={() => store.setWeighsLines(!store.weighsLines.value)}
          />{' '}
          Lines as wide as their tensors are large <kbd>b</kbd>
        </label>
        <label>
          <input
            type="checkbox"
            checked={!mapFolded.value}
            onChange={() => (mapFolded.value = !mapFolded.value)}
          />{' '}
          Map where not all is in view <kbd>v</kbd>
        </label>
        <p>
          <button type="button" onClick={() => void save(() => svg(controller, name))}>
            Save SVG
          </button>{' '}
          <button type="button" onClick={() => void save(() => png(controller))}>
            Save PNG
          </button>
        </p>
        <p class="muted" role="status">
          {note.value || 'Pictures show the whole view, not only what is on the screen.'}
        </p>
      </div>
    </details>
  );
}

function pictureOf(controller: RefObject<GraphController | null>) {
  const picture = controller.current?.picture ?? null;
  if (picture === null) throw new Error('there is no graph yet');
  return picture;
}

function svg(controller: RefObject<GraphController | null>, title: string) {
  const blob = new Blob([svgOf(pictureOf(controller), title)], { type: 'image/svg+xml' });
  return Promise.resolve({ blob, extension: 'svg', note: 'Saved as SVG.' });
}

async function png(controller: RefObject<GraphController | null>) {
  const { blob, density, isReduced } = await pngOf(pictureOf(controller));
  const note = isReduced
    ? `Saved as PNG at ${Math.round(100 * density)} % of its size: it is too large for a picture at full size. SVG has all.`
    : 'Saved as PNG.';
  return { blob, extension: 'png', note };
}
