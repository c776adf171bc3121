/** What the rows of the table come to, and the rows as text to take away. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { isAdditive } from '../lens/rollup.ts';
import { formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { selectedRows } from '../state/selection.ts';
import type { Loaded } from '../state/store.ts';
import { csvOf } from '../table/csv.ts';
import type { Over } from '../table/tables.ts';
import { totalOf } from '../table/totals.ts';
import { useStore } from './context.ts';

/** Sums of the selection, or of all rows that are shown when nothing is selected. */
export function TableTotals({ loaded, over }: { loaded: Loaded; over: Over }) {
  const { table, selection } = useStore();
  const rows = table.rows.value;
  const count = table.count.value;
  const { value: items } = selection;
  const chosen = useMemo(() => {
    const mask = selectedRows(loaded.model, loaded.hierarchy, items, over);
    return Int32Array.from(mask.keys()).filter((row) => mask[row] === 1);
  }, [loaded, items, over]);
  const counted = chosen.length > 1 ? chosen : rows;
  const columns = table.columns.value;
  const totals = useMemo(
    () =>
      columns.flatMap(({ id, column }) =>
        column.kind === 'quantity' && isAdditive(column) ? [{ id, column, ...totalOf(column, counted) }] : [],
      ),
    [columns, counted],
  );
  const of =
    chosen.length > 1 ? 'selected' : counted.length < count ? `of ${count.toLocaleString('en')}` : '';
  return (
    <p class="totals" role="status">
      <span>
        {counted.length.toLocaleString('en')} {of}
      </span>
      {totals.map(({ id, column, sum, whole, missing }) => (
        <span
          key={id}
          title={`${column.doc}: ${exactQuantity(sum, column.unit)}${missing > 0 ? `; not known for ${missing}` : ''}`}
        >
          <span class="muted">{column.name}</span>{' '}
          {missing === counted.length ? 'not known' : formatQuantity(sum, column.unit)}
          {counted.length < count && whole > 0 && <span class="muted"> {formatPercent(sum / whole)}</span>}
          {missing > 0 && missing < counted.length && <span class="muted"> of those known</span>}
        </span>
      ))}
    </p>
  );
}

export function CopyCsv({ over }: { over: Over }) {
  const { table, entry } = useStore();
  const copied = useSignal(false);
  const text = (): string =>
    csvOf(
      table.rows.peek(),
      table.columns.peek().map(({ column }) => column),
    );
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      copied.value = true;
      setTimeout(() => (copied.value = false), 1500);
    } catch {
      download(); // a page in a frame may not write to the clipboard
    }
  };
  const download = (): void => {
    const link = document.createElement('a');
    const url = URL.createObjectURL(new Blob([text()], { type: 'text/csv' }));
    link.href = url;
    link.download = `${entry.peek()?.name.replace(/\.\w+$/, '') ?? 'model'}-${over}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <span class="csv">
      <button
        type="button"
        class="plain"
        title="Copy the rows and columns shown as CSV"
        onClick={() => void copy()}
      >
        {copied.value ? 'Copied' : 'Copy CSV'}
      </button>
      <button
        type="button"
        class="plain"
        title="Save the rows and columns shown as CSV"
        aria-label="Save CSV"
        onClick={download}
      >
        ⤓
      </button>
    </span>
  );
}
