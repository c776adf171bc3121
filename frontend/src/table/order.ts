/** The order of a table's rows by some of its columns. */
import type { Column } from '../wire/report.ts';

export interface SortKey {
  /** `report.column`. */
  column: string;
  descending: boolean;
}

/** Places of rows by the first key, those that are equal by the next, at last by row. What is missing comes last. */
export function orderBy(rows: number, keys: readonly { column: Column; descending: boolean }[]): Int32Array {
  const ranks = keys.map(({ column, descending }) => ranksOf(column, descending));
  return Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
    for (const rank of ranks) if (rank[a] !== rank[b]) return rank[a] < rank[b] ? -1 : 1;
    return a - b;
  });
}

/** A click on a heading: ascending, descending, not at all; with `add` behind the other keys. */
export function nextSort(keys: readonly SortKey[], column: string, add: boolean): SortKey[] {
  const before = keys.find((key) => key.column === column);
  const others = add ? keys.filter((key) => key.column !== column) : [];
  if (before === undefined) return [...others, { column, descending: false }];
  const next = before.descending ? [] : [{ column, descending: true }];
  if (!add) return next;
  return before.descending ? others : keys.map((key) => (key === before ? next[0] : key));
}

/** Numbers that sort as the cells do. */
function ranksOf(column: Column, descending: boolean): Float64Array {
  const sign = descending ? -1 : 1;
  if (column.kind === 'quantity')
    return column.values.map((value) => (Number.isNaN(value) ? Infinity : sign * value));
  if (column.kind === 'text') {
    if (column.numbers !== null) return Float64Array.from(column.numbers, (value) => sign * value);
    const texts = Array.from({ length: column.rows }, (_, row) => column.textAt(row));
    const places = placesOf(texts);
    return Float64Array.from(texts, (text) => (text === null ? Infinity : sign * places.get(text)!));
  }
  const places = column.kind === 'flag' ? null : placesOf(column.names);
  return Float64Array.from(column.codes, (code) => {
    if (code < 0) return Infinity;
    return sign * (places === null ? code : places.get(column.names[code])!);
  });
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Each text's place among all, numbers in texts by their size: layer_2 before layer_10. */
function placesOf(texts: readonly (string | null)[]): Map<string, number> {
  const different = [...new Set(texts.filter((text) => text !== null))].sort(collator.compare);
  return new Map(different.map((text, place) => [text, place]));
}

/** The rows of a mask in an order. */
export function rowsIn(order: Int32Array, mask: Uint8Array | null): Int32Array {
  return mask === null ? order : order.filter((row) => mask[row] === 1);
}
