/** Sizes that the parts of the table share, in CSS pixels. */
import type { TableState } from '../state/table.ts';
import type { TableColumn } from '../table/tables.ts';
import type { Column } from '../wire/report.ts';

export const ROW_HEIGHT = 24;
export const ID_WIDTH = 64;

const WIDTHS = { quantity: 124, text: 130 };
const NAME_WIDTH = 240;
/** Room that a character takes, and what stands around the text. */
const ADVANCE = 8.5;
const AROUND = 34;

export function widthOf(table: TableState, { id, column }: TableColumn): number {
  return table.choice.value.widths[id] ?? usualWidth(column);
}

/** Categories have as much room as their longest name or their heading wants, within reason. */
function usualWidth(column: Column): number {
  if (column.name === 'name') return NAME_WIDTH;
  if (column.kind === 'quantity' || column.kind === 'text') return WIDTHS[column.kind];
  const longest = column.names
    .slice(0, 100)
    .reduce((most, name) => Math.max(most, name.length), column.name.length);
  return Math.min(190, Math.round(longest * ADVANCE) + AROUND);
}
