/** The table of operators or tensors below the graph. Only rows that are in sight are in the document. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import type { Over } from '../table/tables.ts';
import { onKeyAnywhere } from './keys.ts';
import { useStore } from './context.ts';
import { ColumnChooser } from './column-chooser.tsx';
import { TableGrid } from './table-grid.tsx';
import { CopyCsv, TableTotals } from './table-totals.tsx';

const TABS: [over: Over, name: string][] = [
  ['operators', 'Operators'],
  ['tensors', 'Tensors'],
];

export function TablePanel({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { table } = store;
  const panel = useRef<HTMLElement>(null);
  const over = table.over.value;
  useEffect(
    () =>
      onKeyAnywhere('t', () => {
        store.showTable(store.table.over.peek() === null ? 'operators' : null);
      }),
    [store],
  );
  const tabs = (
    <div class="table-tabs" role="group" aria-label="Tables">
      {TABS.map(([id, name]) => (
        <button
          key={id}
          type="button"
          class="plain"
          aria-pressed={over === id}
          title={over === id ? 'Close the table (t)' : `Table of ${id} (t)`}
          onClick={() => store.showTable(over === id ? null : id)}
        >
          {name}{' '}
          <span class="muted">
            {(id === 'operators' ? loaded.model.operatorCount : loaded.model.tensorCount).toLocaleString(
              'en',
            )}
          </span>
        </button>
      ))}
    </div>
  );
  if (over === null) return <footer class="table-panel closed">{tabs}</footer>;
  const isFull = table.isFull.value;
  return (
    <section
      ref={panel}
      class={isFull ? 'table-panel full' : 'table-panel'}
      aria-label={`Table of ${over}`}
      style={isFull ? undefined : { height: `${table.choice.value.height}px` }}
    >
      {!isFull && <HeightHandle />}
      <div class="table-bar">
        {tabs}
        <TableTotals loaded={loaded} over={over} />
        <div class="spacer" />
        <ColumnChooser loaded={loaded} over={over} />
        <CopyCsv over={over} />
        <button
          type="button"
          class="plain"
          aria-pressed={isFull}
          title={isFull ? 'Show the graph too' : 'Table in full height'}
          onClick={() => (table.isFull.value = !isFull)}
        >
          {isFull ? '↓' : '↑'}
        </button>
        <button
          type="button"
          class="plain"
          title="Close the table (t)"
          aria-label="Close the table"
          onClick={() => {
            table.isFull.value = false;
            store.showTable(null);
          }}
        >
          ✕
        </button>
      </div>
      <TableGrid key={over} loaded={loaded} over={over} />
    </section>
  );
}

/** The upper edge, which is dragged. */
function HeightHandle() {
  const { table } = useStore();
  const from = useSignal<{ y: number; height: number } | null>(null);
  const { height } = table.choice.value;
  return (
    // A focusable separator is a widget: https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      class="height-handle"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Resize the table"
      aria-valuenow={height}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.value = { y: event.clientY, height };
      }}
      onPointerMove={(event) => {
        if (from.value !== null) table.setHeight(from.value.height + from.value.y - event.clientY);
      }}
      onPointerUp={() => (from.value = null)}
      onKeyDown={(event) => {
        const step = { ArrowUp: 24, ArrowDown: -24 }[event.key];
        if (step !== undefined) table.setHeight(height + step);
      }}
    />
  );
}
