/** The outline at the left: everything that the graph shows as a tree, for eyes, keyboards and screen readers. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useComputed, useSignal } from '@preact/signals';
import type { Item } from '../graph/items.ts';
import { hitsIn, outlineRows, parentRow } from '../outline/rows.ts';
import { groupsToOpen } from '../state/navigation.ts';
import type { Loaded } from '../state/store.ts';
import { moved, scrollTo, windowOf } from '../table/window.ts';
import { useStore } from './context.ts';
import { onKeyAnywhere } from './keys.ts';
import { LINE_HEIGHT } from './outline-sizes.ts';
import { OutlineRow } from './outline-row.tsx';
import { useScrolled } from './scrolled.ts';

/** Shows and hides the outline; stands with the tabs. */
export function OutlineButton() {
  const store = useStore();
  const isShown = store.outline.value;
  useEffect(() => onKeyAnywhere('o', () => store.showOutline(!store.outline.peek())), [store]);
  return (
    <button
      type="button"
      class="tab outline-button"
      aria-pressed={isShown}
      title={isShown ? 'Hide the outline (o)' : 'Show the outline (o)'}
      onClick={() => store.showOutline(!isShown)}
    >
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        <path d="M4 4h10v3H4zM8 10h12v3H8zM8 16h12v3H8z" />
      </svg>
      Outline
    </button>
  );
}

export function OutlinePanel({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  if (!store.outline.value) return null;
  return (
    <aside class="outline-panel" aria-label="Outline">
      <header>
        <h2>Outline</h2>
        <button
          type="button"
          class="plain"
          title="Hide the outline (o)"
          aria-label="Hide the outline"
          onClick={() => store.showOutline(false)}
        >
          ‹
        </button>
      </header>
      <Tree key={loaded.id} loaded={loaded} />
    </aside>
  );
}

function Tree({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { hierarchy, model } = loaded;
  const tree = useRef<HTMLDivElement>(null);
  const { view, onScroll } = useScrolled(tree, 400);
  // What is open in the graph is open here, until something is opened or closed here: to look around should not rearrange the
  // picture, and what one has opened to look at should stay.
  const own = useSignal<ReadonlySet<number> | null>(null);
  const expanded = useComputed(() => own.value ?? new Set([store.root.value, ...store.open.value]));
  const active = useSignal(0);
  const rows = useMemo(() => outlineRows(hierarchy, expanded.value), [hierarchy, expanded.value]);
  const mask = store.filter.operatorMask.value;
  const hits = useMemo(() => hitsIn(hierarchy, mask), [hierarchy, mask]);
  const primary = store.primary.value;
  const selected = useMemo(
    () => new Set(store.selection.value.map(rowItem).filter((item) => item !== null)),
    [store.selection.value],
  );

  const show = (row: number): void => {
    const element = tree.current;
    if (element !== null)
      element.scrollTop = scrollTo(row, element.scrollTop, element.clientHeight, LINE_HEIGHT);
  };

  // What is selected elsewhere is opened and brought into sight here.
  useEffect(() => {
    const item = primary === null ? null : rowItem(primary);
    if (primary === null || item === null) return;
    const missing = groupsToOpen(model, hierarchy, primary).filter((id) => !expanded.peek().has(id));
    if (missing.length > 0) own.value = new Set([...expanded.peek(), ...missing]);
    const row = outlineRows(hierarchy, expanded.peek()).item.indexOf(item);
    if (row < 0) return;
    active.value = row;
    requestAnimationFrame(() => show(row)); // the lines have their height then
  }, [primary, model, hierarchy, expanded, own, active]);

  const setExpanded = (group: number, isOpen: boolean): void => {
    const next = new Set(expanded.value);
    if (isOpen) next.add(group);
    else next.delete(group);
    own.value = next;
  };
  const go = (row: number): void => {
    active.value = row;
    show(row);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = Math.min(active.value, rows.item.length - 1);
    const item = rows.item[row];
    const isOpen = item < 0 && expanded.value.has(~item);
    const page = Math.max(1, Math.floor(view.value.height / LINE_HEIGHT) - 1);
    const next = moved(event.key, row, rows.item.length, page);
    if (next !== null) go(next);
    else if (event.key === 'ArrowRight' && item < 0) {
      if (isOpen) go(Math.min(row + 1, rows.item.length - 1));
      else setExpanded(~item, true);
    } else if (event.key === 'ArrowLeft') {
      if (isOpen) setExpanded(~item, false);
      else go(Math.max(0, parentRow(rows, row)));
    } else if (event.key === 'Enter') void store.goTo(itemOf(item));
    else if (event.key === ' ') store.select(toggled(store.selection.value, itemOf(item)));
    else if (event.key === 'Escape') store.select([]);
    else return;
    event.preventDefault();
  };

  const { first, end } = windowOf(view.value.top, view.value.height, LINE_HEIGHT, rows.item.length);
  const activeRow = Math.min(active.value, rows.item.length - 1);
  return (
    <div
      ref={tree}
      class="tree"
      role="tree"
      tabIndex={0}
      aria-label="Subgraphs, groups and operators; Enter shows a line in the graph"
      aria-multiselectable
      aria-activedescendant={`outline-${rows.item[activeRow]}`}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" class="rows" style={{ height: `${rows.item.length * LINE_HEIGHT}px` }}>
        {Array.from({ length: end - first }, (_, i) => first + i).map((row) => (
          <OutlineRow
            key={row}
            loaded={loaded}
            rows={rows}
            row={row}
            hits={hits}
            isExpanded={rows.item[row] < 0 && expanded.value.has(~rows.item[row])}
            isSelected={selected.has(rows.item[row])}
            isActive={row === activeRow}
            onToggle={(group, isOpen) => {
              active.value = row;
              setExpanded(group, isOpen);
            }}
            onChoose={(add) => {
              active.value = row;
              const item = itemOf(rows.item[row]);
              if (add) store.select(toggled(store.selection.value, item));
              else void store.goTo(item);
            }}
          />
        ))}
      </div>
    </div>
  );
}

function itemOf(item: number): Item {
  return item < 0 ? { kind: 'group', id: ~item } : { kind: 'operator', id: item };
}

/** Operators as their ids, groups as ~id; null for tensors, which have no line. */
function rowItem({ kind, id }: Item): number | null {
  return kind === 'tensor' ? null : kind === 'group' ? ~id : id;
}

function toggled(selection: readonly Item[], item: Item): Item[] {
  const others = selection.filter(({ kind, id }) => kind !== item.kind || id !== item.id);
  return others.length < selection.length ? others : [...others, item];
}
