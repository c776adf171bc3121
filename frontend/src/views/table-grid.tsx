/** The rows and headings of the table: an ARIA grid whose rows are drawn as they come into sight. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Item } from '../graph/items.ts';
import { selectedRows } from '../state/selection.ts';
import type { Loaded } from '../state/store.ts';
import { moved, scrollTo, windowOf } from '../table/window.ts';
import type { Over } from '../table/tables.ts';
import { useStore } from './context.ts';
import { useScrolled } from './scrolled.ts';
import { TableHead } from './table-head.tsx';
import { TableRow } from './table-row.tsx';
import { ID_WIDTH, ROW_HEIGHT, widthOf } from './table-sizes.ts';

const KIND = { operators: 'operator', tensors: 'tensor' } as const;

export function TableGrid({ loaded, over }: { loaded: Loaded; over: Over }) {
  const store = useStore();
  const { table, selection, primary } = store;
  const body = useRef<HTMLDivElement>(null);
  const { view, onScroll } = useScrolled(body, 240);
  /** Place of the row that the keyboard is at. */
  const active = useSignal(0);
  /** Where a range that is extended with Shift began. */
  const anchor = useSignal(0);
  const kind = KIND[over];
  const columns = table.columns.value;
  const rows = table.rows.value;
  const chosen = useMemo(
    () => selectedRows(loaded.model, loaded.hierarchy, selection.value, over),
    [loaded, selection.value, over],
  );

  const show = (place: number): void => {
    const element = body.current;
    if (element !== null)
      element.scrollTop = scrollTo(place, element.scrollTop, element.clientHeight - ROW_HEIGHT, ROW_HEIGHT);
  };

  // What is selected elsewhere is brought into sight here.
  useEffect(() => {
    const item = primary.value;
    const row =
      item === null ? -1 : item.kind === kind ? item.id : item.kind === 'group' ? chosen.indexOf(1) : -1;
    const place = row < 0 || rows[active.peek()] === row ? -1 : rows.indexOf(row);
    if (place < 0) return;
    active.value = place;
    anchor.value = place;
    show(place);
  }, [primary.value, rows, kind, chosen, active, anchor]);

  const choose = (place: number, how: 'only' | 'toggle' | 'range'): void => {
    const item: Item = { kind, id: rows[place] };
    active.value = place;
    if (how === 'only') {
      anchor.value = place;
      void store.goTo(item);
    } else if (how === 'range') {
      const [from, to] = [anchor.value, place].sort((a, b) => a - b);
      store.select(Array.from(rows.subarray(from, to + 1), (id): Item => ({ kind, id })));
    } else {
      anchor.value = place;
      const others = selection.value.filter((other) => other.kind !== kind || other.id !== item.id);
      store.select(others.length < selection.value.length ? others : [...others, item]);
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== body.current || rows.length === 0) return;
    const place = Math.min(active.value, rows.length - 1);
    const page = Math.max(1, Math.floor(view.value.height / ROW_HEIGHT) - 2);
    const next = moved(event.key, place, rows.length, page);
    if (next !== null) {
      active.value = next;
      show(next);
      if (event.shiftKey) choose(next, 'range');
    } else if (event.key === 'Enter') choose(place, 'only');
    else if (event.key === ' ') choose(place, 'toggle');
    else if (event.key === 'Escape') store.select([]);
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey))
      store.select(Array.from(rows, (id): Item => ({ kind, id })));
    else return;
    event.preventDefault();
  };

  const { first, end } = windowOf(view.value.top, view.value.height, ROW_HEIGHT, rows.length);
  const width = columns.reduce((sum, column) => sum + widthOf(table, column), ID_WIDTH);
  const inSight = Array.from({ length: end - first }, (_, i) => first + i);
  const activePlace = Math.min(active.value, rows.length - 1);
  return (
    <div
      ref={body}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label={`${over}; Enter shows a row in the graph, Space adds it to the selection`}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      aria-activedescendant={rows.length > 0 ? `row-${rows[activePlace]}` : undefined}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <TableHead columns={columns} />
      <div
        class="rows"
        role="presentation"
        style={{ height: `${rows.length * ROW_HEIGHT}px`, width: `${width}px` }}
      >
        {inSight.map((place) => (
          <TableRow
            key={place}
            columns={columns}
            row={rows[place]}
            place={place}
            isChosen={chosen[rows[place]] === 1}
            isActive={place === activePlace}
            onChoose={(event) => {
              choose(place, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only');
            }}
          />
        ))}
      </div>
      {rows.length === 0 && <Nothing loaded={loaded} over={over} />}
    </div>
  );
}

function Nothing({ loaded, over }: { loaded: Loaded; over: Over }) {
  const store = useStore();
  const isFiltered = store.matches.value !== null;
  return (
    <p class="muted nothing" role="status">
      {isFiltered ? `No ${over.slice(0, -1)} matches the filter. ` : `The model has no ${over}.`}
      {isFiltered && (
        <button type="button" class="link" onClick={() => store.setSearch('')}>
          clear the filter
        </button>
      )}
      {loaded.reports.states.value.size === 0 && ' …'}
    </p>
  );
}
