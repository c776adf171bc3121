/** One row of the table. */
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import type { Swatch as Colors } from '../lib/palette.ts';
import type { TableColumn } from '../table/tables.ts';
import { cellText } from '../wire/report.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { Swatch } from './swatch.tsx';
import { ID_WIDTH, ROW_HEIGHT, widthOf } from './table-sizes.ts';

interface Props {
  columns: readonly TableColumn[];
  row: number;
  /** From the top of the table. */
  place: number;
  isChosen: boolean;
  isActive: boolean;
  onChoose: (event: MouseEvent) => void;
}

export function TableRow({ columns, row, place, isChosen, isActive, onChoose }: Props) {
  return (
    // The grid has the focus and the keys: https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_focus_activedescendant
    <div
      id={`row-${row}`}
      class={`row${isChosen ? ' chosen' : ''}${isActive ? ' active' : ''}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={place + 2}
      aria-selected={isChosen}
      style={{ transform: `translateY(${place * ROW_HEIGHT}px)` }}
      onClick={onChoose}
      onKeyDown={() => undefined}
    >
      <div class="cell number id muted" role="rowheader" style={{ width: `${ID_WIDTH}px` }}>
        {row}
      </div>
      {columns.map((column) => (
        <Cell key={column.id} column={column} row={row} />
      ))}
    </div>
  );
}

function Cell({ column: tableColumn, row }: { column: TableColumn; row: number }) {
  const { table, lens } = useStore();
  const theme = useTheme();
  const { id, column } = tableColumn;
  const active = lens.lens.value;
  let color: Colors | null = null;
  if (active?.id === id) color = active.palette(theme)[active.color[row]];
  const width = `${widthOf(table, tableColumn)}px`;
  const text =
    column.kind === 'quantity' ? formatQuantity(column.values[row], column.unit) : cellText(column, row);
  const title = column.kind === 'quantity' ? exactQuantity(column.values[row], column.unit) : text;
  return (
    <div
      class={column.kind === 'quantity' ? 'cell number' : 'cell'}
      role="gridcell"
      style={{ width }}
      title={title}
    >
      {color !== null && <Swatch swatch={color} />}
      {text === '' && title === 'not known' ? <span class="muted">–</span> : text}
    </div>
  );
}
