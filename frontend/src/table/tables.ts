/** The columns of all reports that were asked for, as tables of operators and of tensors. */
import type { Column, Report } from '../wire/report.ts';
import { FilterError, select, type Filtered } from './filter.ts';

export type Over = 'operators' | 'tensors';

/** The reports that list what there is; words of a filter are looked for in their columns. */
export const BASE: Record<Over, string> = { operators: 'ops', tensors: 'tensors' };

export interface TableColumn {
  /** `report.column`. */
  id: string;
  /** Its name in the filter language: that of the column, with the report before it where another has the same. */
  filterName: string;
  report: string;
  column: Column;
}

/** The columns over operators or tensors, those of the base report first. */
export function columnsOver(reports: Iterable<Report>, over: Over): TableColumn[] {
  const all = [...reports].filter((report) => report.over === over);
  const sorted = [
    ...all.filter(({ name }) => name === BASE[over]),
    ...all.filter(({ name }) => name !== BASE[over]),
  ];
  const taken = new Set<string>();
  return sorted.flatMap((report) =>
    report.columns.map((column) => {
      const id = `${report.name}.${column.name}`;
      const filterName = taken.has(column.name) ? id : column.name;
      taken.add(column.name);
      return { id, filterName, report: report.name, column };
    }),
  );
}

/** What matches a filter. */
export interface Matched {
  operators: Int32Array;
  tensors: Int32Array;
}

/**
 * Rows of both tables that match. A filter that only one of them can answer, since it names a column of it, finds nothing in the
 * other. Throws a FilterError where neither can.
 */
export function matched(text: string, tables: Record<Over, Filtered>): Matched {
  const errors: FilterError[] = [];
  const rowsOf = (over: Over): Int32Array => {
    try {
      const mask = select(text, tables[over]);
      return Int32Array.from(mask.keys()).filter((row) => mask[row] === 1);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      errors.push(error);
      return new Int32Array(0);
    }
  };
  const found = { operators: rowsOf('operators'), tensors: rowsOf('tensors') };
  if (errors.length === 2) throw errors.reduce((a, b) => (b.position > a.position ? b : a));
  return found;
}

export function filteredOf(columns: readonly TableColumn[], over: Over): Filtered {
  return {
    rows: columns.length > 0 ? columns[0].column.rows : 0,
    columns: new Map(columns.map(({ filterName, column }) => [filterName, column])),
    searched: columns.filter(({ report }) => report === BASE[over]).map(({ column }) => column),
  };
}
