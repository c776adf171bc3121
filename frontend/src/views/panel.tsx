/** The right side: details of the selection, or of the whole model when nothing is selected. Can be resized and folded. */
import { useSignal } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { GroupPanel } from './group-panel.tsx';
import { OperatorPanel } from './operator-panel.tsx';
import { SelectionSummary } from './selection-panel.tsx';
import { TensorPanel } from './tensor-panel.tsx';
import { ModelSummary } from './overview.tsx';

const LEAST = 240;
const MOST = 640;

export function Panel({ loaded }: { loaded: Loaded }) {
  const width = useSignal(320);
  const folded = useSignal(innerWidth < 1000);
  const resize = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const { currentTarget: handle, clientX: from } = event;
    const before = width.value;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      width.value = Math.min(MOST, Math.max(LEAST, before + from - moved.clientX));
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), {
      once: true,
    });
  };
  if (folded.value)
    return (
      <button
        type="button"
        class="unfold"
        title="Show details"
        aria-label="Show details"
        onClick={() => (folded.value = false)}
      >
        ‹
      </button>
    );
  return (
    <aside class="panel" aria-label="Details" style={{ width: `${width.value}px` }}>
      {/* A focusable separator is a widget: https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/ */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        class="resizer"
        role="separator"
        aria-orientation="vertical"
        aria-label="Resize details"
        aria-valuenow={width.value}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onPointerDown={resize}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowLeft' ? 20 : event.key === 'ArrowRight' ? -20 : 0;
          width.value = Math.min(MOST, Math.max(LEAST, width.value + step));
        }}
      />
      <button
        type="button"
        class="plain fold"
        title="Hide details"
        aria-label="Hide details"
        onClick={() => (folded.value = true)}
      >
        ›
      </button>
      <div class="scroll">
        <PanelContent loaded={loaded} />
      </div>
    </aside>
  );
}

function PanelContent({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { value: selection } = store.selection;
  const item = store.primary.value;
  if (item === null) return <ModelSummary loaded={loaded} />;
  if (selection.length > 1) return <SelectionSummary loaded={loaded} items={selection} />;
  if (item.kind === 'operator')
    return <OperatorPanel key={`${loaded.id} ${item.id}`} loaded={loaded} id={item.id} />;
  if (item.kind === 'tensor')
    return <TensorPanel key={`${loaded.id} ${item.id}`} loaded={loaded} id={item.id} />;
  return <GroupPanel loaded={loaded} id={item.id} />;
}
