/** The table below the graph: which one, its columns, its order, and the rows that result. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { nextSort, rowsIn, type SortKey } from '../table/order.ts';
import { BASE, type Over, type TableColumn } from '../table/tables.ts';
import { recalled, remembered } from '../lib/storage.ts';
import type { Filter } from './filter.ts';
import { reportOf, type LensState } from './lens.ts';
import type { Loaded } from './store.ts';

/** Columns that are shown until others are chosen. */
const AT_FIRST: Record<Over, string[]> = {
  operators: ['op', 'weight_bytes', 'output_bytes', 'dtype', 'shape', 'name'].map((name) => `ops.${name}`),
  tensors: ['role', 'bytes', 'dtype', 'shape', 'quantization', 'name'].map((name) => `tensors.${name}`),
};

interface Choice {
  columns: Partial<Record<Over, string[] | null>>;
  widths: Record<string, number>;
  height: number;
}

const KEY = 'tflite-viz:table';

export type TableState = ReturnType<typeof createTable>;

export function createTable(loaded: ReadonlySignal<Loaded | null>, filter: Filter, lens: LensState) {
  const over = signal<Over | null>(null);
  const sort = signal<readonly SortKey[]>([]);
  /** In place of the graph. */
  const isFull = signal(false);
  const choice = signal<Choice>({ columns: {}, widths: {}, height: 240, ...recalled<Choice>(KEY) });
  /** All rows in the order asked for; null for that of the file. */
  const order = signal<Int32Array | null>(null);

  const all = computed<TableColumn[]>(() => {
    const reports = loaded.value?.reports;
    if (reports === undefined || over.value === null) return [];
    return over.value === 'operators' ? reports.operators.value : reports.tensors.value;
  });

  /** The columns to show, that of the lens among them. */
  const columns = computed<TableColumn[]>(() => {
    if (over.value === null) return [];
    const wanted = [...(choice.value.columns[over.value] ?? AT_FIRST[over.value])];
    const lensId = lens.id.value;
    if (over.value === 'operators' && lensId !== null && !wanted.includes(lensId))
      wanted.splice(1, 0, lensId);
    const known = new Map(all.value.map((column) => [column.id, column]));
    return wanted.flatMap((id) => known.get(id) ?? []);
  });

  const count = computed(() => {
    const model = loaded.value?.model;
    if (model === undefined) return 0;
    return over.value === 'tensors' ? model.tensorCount : model.operatorCount;
  });

  /** What is shown, from the top. */
  const rows = computed<Int32Array>(() => {
    const mask = over.value === 'tensors' ? filter.tensorMask.value : filter.operatorMask.value;
    const inFile = Int32Array.from({ length: count.value }, (_, row) => row);
    return rowsIn(order.value?.length === count.value ? order.value : inFile, mask);
  });

  const keys = computed(() => sort.value.filter(({ column }) => all.value.some(({ id }) => id === column)));

  effect(() => {
    const now = loaded.value;
    if (now === null || over.value === null) return;
    const wanted = [BASE[over.value], ...(choice.value.columns[over.value] ?? []).map(reportOf)];
    for (const { column } of sort.value) wanted.push(reportOf(column));
    for (const name of new Set(wanted))
      if (now.reports.names.includes(name)) now.reports.ask(name).catch(() => undefined); // its state tells
  });

  effect(() => {
    const now = loaded.value;
    const asked = keys.value;
    if (now === null || over.value === null || asked.length === 0) {
      order.value = null;
      return;
    }
    now.tables.order(over.value, asked).then(
      (ordered) => {
        if (keys.peek() === asked) order.value = ordered;
      },
      () => undefined, // the worker was ended; what follows asks again
    );
  });

  function keep(change: Partial<Choice>): void {
    choice.value = { ...choice.value, ...change };
    remembered(KEY, choice.value);
  }

  return {
    over,
    sort,
    isFull,
    choice,
    all,
    columns,
    rows,
    count,
    keys,
    sortBy: (column: string, add: boolean): void => {
      sort.value = nextSort(keys.peek(), column, add);
    },
    /** Null for the columns that are shown at first. */
    chooseColumns: (ids: string[] | null): void => {
      const shown = over.peek();
      if (shown === null) return;
      keep({ columns: { ...choice.peek().columns, [shown]: ids } });
    },
    setWidth: (id: string, width: number): void =>
      keep({ widths: { ...choice.peek().widths, [id]: Math.max(48, Math.min(width, 800)) } }),
    setHeight: (height: number): void => keep({ height: Math.max(96, Math.min(height, 2000)) }),
  };
}
