/** Headings of the table: sort by a click, resize by the right edge. */
import { useSignal } from '@preact/signals';
import { unitName } from '../lib/units.ts';
import type { TableColumn } from '../table/tables.ts';
import { useStore } from './context.ts';
import { ProvenanceMark } from './provenance.tsx';
import { ID_WIDTH, widthOf } from './table-sizes.ts';

export function TableHead({ columns }: { columns: readonly TableColumn[] }) {
  return (
    <div class="head" role="row" aria-rowindex={1}>
      <div class="cell number id" role="columnheader" style={{ width: `${ID_WIDTH}px` }}>
        #
      </div>
      {columns.map((column) => (
        <Heading key={column.id} column={column} />
      ))}
    </div>
  );
}

function Heading({ column: tableColumn }: { column: TableColumn }) {
  const store = useStore();
  const { id, column, report } = tableColumn;
  const keys = store.table.keys.value;
  const place = keys.findIndex((key) => key.column === id);
  const direction = place < 0 ? 'none' : keys[place].descending ? 'descending' : 'ascending';
  const unit = unitName(column.unit);
  return (
    <div
      class={column.kind === 'quantity' ? 'cell number' : 'cell'}
      role="columnheader"
      aria-sort={direction}
      style={{ width: `${widthOf(store.table, tableColumn)}px` }}
    >
      <button
        type="button"
        class="plain"
        title={`${column.doc} (${report}). Click to sort, with Shift as a further key`}
        onClick={(event) => store.sortBy(id, event.shiftKey)}
      >
        {column.name}
        {unit !== '' && <span class="muted"> {unit}</span>} <ProvenanceMark provenance={column.provenance} />
        {place >= 0 && (
          <span class="sort">
            {keys[place].descending ? '↓' : '↑'}
            {keys.length > 1 && place + 1}
          </span>
        )}
      </button>
      <WidthHandle column={tableColumn} />
    </div>
  );
}

function WidthHandle({ column }: { column: TableColumn }) {
  const { table } = useStore();
  const from = useSignal<{ x: number; width: number } | null>(null);
  const width = widthOf(table, column);
  return (
    // A focusable separator is a widget: https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <span
      class="width-handle"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${column.column.name}`}
      aria-valuenow={width}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.value = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (from.value !== null) table.setWidth(column.id, from.value.width + event.clientX - from.value.x);
      }}
      onPointerUp={() => (from.value = null)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -10, ArrowRight: 10 }[event.key];
        if (step !== undefined) table.setWidth(column.id, width + step);
      }}
    />
  );
}
