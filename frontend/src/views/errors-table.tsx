/** Operators by their error, the worst first. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { CsvButton } from '../charts/frame.tsx';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { ordered } from '../quantization/errors.ts';
import type { Loaded } from '../state/store.ts';
import { reportCsv } from '../table/csv.ts';
import { operatorFamily, operatorName, operatorTypeName } from '../wire/model.ts';
import { cellText, quantityOf, type QuantityColumn, type Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { FamilyDot } from './figures.tsx';
import { SortHead, sortOf } from './sort-head.tsx';

const SHOWN = 100;

interface Heading {
  key: string;
  name: string;
  /** Whether small figures are the bad ones. */
  isLowBad?: boolean;
  /** The figure whose zero says that nothing differs, where this one is then missing. */
  equal?: string;
}

const HEADINGS: readonly Heading[] = [
  { key: 'sqnr_db', name: 'SQNR', isLowBad: true, equal: 'rmse' },
  { key: 'local_sqnr_db', name: 'by itself', isLowBad: true, equal: 'local_rmse' },
  { key: 'rmse_scale', name: 'RMSE / scale' },
  { key: 'local_rmse_scale', name: 'by itself' },
  { key: 'rmse', name: 'RMSE' },
  { key: 'max_error', name: 'Largest' },
  { key: 'local_max_error', name: 'by itself' },
  { key: 'cosine', name: 'Cosine', isLowBad: true },
  { key: 'clipped', name: 'Clipped' },
  { key: 'value', name: 'Figure' },
];

interface ErrorTableProps {
  loaded: Loaded;
  report: Report;
  shown: number | null;
}

export function ErrorTable({ loaded: { model }, report, shown }: ErrorTableProps) {
  const store = useStore();
  const columns = useMemo(() => columnsOf(report), [report]);
  const sort = useSignal({ place: 0, isWorstFirst: true });
  const isAll = useSignal(false);
  const by = columns[sort.value.place];
  const isUp = (by.heading.isLowBad === true) === sort.value.isWorstFirst;
  const rows = useMemo(() => {
    const some = new Set<number>();
    for (const { values } of columns)
      for (const [row, value] of values.entries()) if (!Number.isNaN(value)) some.add(row);
    return ordered([...some], by.values, isUp);
  }, [columns, by, isUp]);
  const visible = isAll.value ? rows : rows.slice(0, SHOWN);
  return (
    <>
      <p class="table-note">
        <span class="muted">
          Operators that were compared; a row is shown above and selected in the graph
        </span>
        <span class="spacer" />
        <CsvButton name="quantization-errors" csv={() => reportCsv(report)} />
      </p>
      <div class="wide-table">
        <table class="errors-table">
          <thead>
            <tr>
              <th>Operator</th>
              {columns.map(({ heading: { name, key }, doc, provenance }, place) => (
                <SortHead
                  key={key}
                  name={name}
                  explain={`${provenance}: ${doc}`}
                  sorted={sortOf({ key: sort.value.place, up: isUp }, place)}
                  onSort={() => {
                    const isSame = sort.value.place === place;
                    sort.value = { place, isWorstFirst: isSame ? !sort.value.isWorstFirst : true };
                  }}
                />
              ))}
              <th title="simulated: its operator of the reference, how that was found, and how sure it is where it is not">
                Reference
              </th>
            </tr>
          </thead>
          <tbody>
            {visible.map((row) => (
              <tr
                key={row}
                class={row === shown ? 'selected' : ''}
                aria-selected={row === shown}
                onClick={() => store.select([{ kind: 'operator', id: row }])}
                onDblClick={() => void store.goTo({ kind: 'operator', id: row })}
              >
                <td class="operator-cell" title={operatorName(model, row)}>
                  <button
                    type="button"
                    class="link"
                    onClick={() => store.select([{ kind: 'operator', id: row }])}
                  >
                    <FamilyDot family={operatorFamily(model, row)} />
                    {operatorTypeName(model, row)} <span class="muted">#{row}</span>
                  </button>{' '}
                  <span class="muted">{operatorName(model, row)}</span>
                </td>
                {columns.map(({ heading: { key }, values, unit }) => (
                  <td key={key} class="number" title={exact(values[row], unit)}>
                    {figureText(key, values[row], unit)}
                  </td>
                ))}
                <td class="muted">{matchText(report, row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {visible.length < rows.length && (
        <button type="button" onClick={() => (isAll.value = true)}>
          Show {(rows.length - visible.length).toLocaleString('en')} more
        </button>
      )}
    </>
  );
}

interface Shown extends Pick<QuantityColumn, 'unit' | 'doc' | 'provenance'> {
  heading: Heading;
  /** Infinite where nothing differs. */
  values: Float64Array;
}

/** The columns of the report that are there, in the order of the headings. */
function columnsOf(report: Report): Shown[] {
  return HEADINGS.flatMap((heading) => {
    const column = report.columns.find(({ name }) => name === heading.key);
    if (column?.kind !== 'quantity') return [];
    const noise = heading.equal === undefined ? null : quantityOf(report, heading.equal, column.rows);
    const values = column.values.map((value, row) => (noise?.[row] === 0 ? Infinity : value));
    if (values.every(Number.isNaN)) return [];
    return [{ heading, values, unit: column.unit, doc: column.doc, provenance: column.provenance }];
  });
}

function figureText(key: string, value: number, unit: string): string {
  if (value === Infinity) return 'equal';
  // All that matters is how far it is from one.
  return key === 'cosine' && !Number.isNaN(value) ? value.toFixed(5) : formatQuantity(value, unit);
}

function exact(value: number, unit: string): string {
  return value === Infinity ? 'nothing differs' : exactQuantity(value, unit);
}

/** `#12 name, 1` – the operator of the reference, by what it was found, how sure that is. */
function matchText(report: Report, row: number): string {
  const [reference, how, sure] = ['reference', 'matched_by', 'confidence'].map((key) => {
    const column = report.columns.find(({ name }) => name === key);
    return column === undefined ? '' : cellText(column, row);
  });
  return reference === '' ? '' : `#${reference} by ${how}${sure === '1' ? '' : `, ${sure}`}`;
}
