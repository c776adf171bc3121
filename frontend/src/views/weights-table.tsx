/** The weight tensors, the largest first. */
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { operatorLabel } from '../graph/hierarchy.ts';
import { formatBytes, formatCount, formatExact, formatPercent } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import { placesOf, sortRows, type SortKey, type WeightRow } from '../weights/rows.ts';
import { operatorFamily, operatorTypeName, tensorName } from '../wire/model.ts';
import { cellText, type Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { Bar, FamilyDot, useTheme } from './figures.tsx';
import { TensorType } from './links.tsx';
import { SortHead, sortOf } from './sort-head.tsx';

const SHOWN = 200;

interface Heading {
  name: string;
  key: SortKey;
  explain: string;
  cell: (row: WeightRow) => string;
  exact?: (row: WeightRow) => string;
}

const HEADINGS: Heading[] = [
  {
    name: 'Zeros',
    key: 'zeros',
    explain: 'Share of elements that stand for 0',
    cell: ({ zeros }) => percent(zeros),
  },
  {
    name: 'Values',
    key: 'unique',
    explain: 'Different stored values; of floats of 32 bits up to 262,144 elements',
    cell: ({ unique }) => (Number.isNaN(unique) ? '' : formatCount(unique)),
  },
  {
    name: 'In a channel',
    key: 'channelUnique',
    explain: 'Different values in the output channel that has most: few where weights are clustered',
    cell: ({ channelUnique: most }) => (Number.isNaN(most) ? '' : formatCount(most)),
  },
  {
    name: 'Entropy',
    key: 'entropy',
    explain:
      'Bits an element by the distribution of values; left out where it would tell of the number of elements only',
    cell: ({ entropy }) => (Number.isNaN(entropy) ? '' : `${formatQuantity(entropy, '1')} bit`),
  },
  {
    name: 'Kurtosis',
    key: 'kurtosis',
    explain: 'Heaviness of the tails, 3 for normal values: heavy tails stretch a quantized range',
    cell: ({ kurtosis }) => formatQuantity(kurtosis, '1'),
  },
  {
    name: 'Packed',
    key: 'packed',
    explain:
      'The smallest size that deflate, a palette or a LUT per channel would give, tables included; simulated',
    cell: ({ packed, stored }) =>
      Number.isNaN(packed) ? '' : packed < stored ? formatBytes(packed) : 'no smaller',
    exact: ({ packed, packing, stored }) =>
      `${formatExact(packed)} bytes by ${packing}, ${percent(packed / stored)} of what is stored`,
  },
];

function percent(share: number): string {
  return Number.isNaN(share) ? '' : formatPercent(share);
}

interface WeightTableProps {
  loaded: Loaded;
  report: Report;
  /** The report `sparsity_tensors`, null while it is not there. */
  places: Report | null;
  rows: WeightRow[];
  /** The tensor that is looked into. */
  shown: number;
}

export function WeightTable({ loaded, report, places, rows, shown }: WeightTableProps) {
  const sort = useSignal<{ key: SortKey; up: boolean }>({ key: 'stored', up: false });
  const isAll = useSignal(false);
  const sorted = sortRows(rows, sort.value.key, sort.value.up);
  const drawn = isAll.value ? sorted : sorted.slice(0, SHOWN);
  const heading = (name: string, key: SortKey, explain: string, isText = false) => (
    <SortHead
      key={key}
      name={name}
      explain={explain}
      isText={isText}
      sorted={sortOf(sort.value, key)}
      onSort={() => (sort.value = { key, up: sort.value.key === key ? !sort.value.up : isText })}
    />
  );
  return (
    <>
      <p class="table-note">
        <h2>Tensors</h2>
        <span class="muted">A row shows its values above.</span>
        <span class="spacer" />
        <CsvButton name="weights" csv={() => csvOf(loaded, report, sorted)} />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              {heading('Layer', 'operator', 'Sorts by the order of execution', true)}
              <th>Type</th>
              {heading('Bytes', 'stored', 'Stored in the file')}
              {heading('Share', 'share', 'Of all weights')}
              {HEADINGS.map(({ name, key, explain }) => heading(name, key, explain))}
              <th title="How zeros are left out of the file, and what regularity they have">Zeros lie</th>
            </tr>
          </thead>
          <tbody>
            {drawn.map((row) => (
              <Row
                key={row.tensor}
                loaded={loaded}
                row={row}
                zeros={placesOf(places, row.tensor)}
                isShown={row.tensor === shown}
              />
            ))}
          </tbody>
        </table>
      </div>
      {drawn.length < sorted.length && (
        <button type="button" onClick={() => (isAll.value = true)}>
          Show {formatExact(sorted.length - drawn.length)} more
        </button>
      )}
    </>
  );
}

interface RowProps {
  loaded: Loaded;
  row: WeightRow;
  zeros: string;
  isShown: boolean;
}

function Row({ loaded, row, zeros, isShown }: RowProps) {
  const store = useStore();
  const theme = useTheme();
  const { model, hierarchy } = loaded;
  const { tensor, operator } = row;
  const family = operator < 0 ? null : operatorFamily(model, operator);
  return (
    <tr
      class={isShown ? 'selected' : ''}
      aria-selected={isShown}
      onClick={() => store.select([{ kind: 'tensor', id: tensor }])}
    >
      <td class="operator-cell" title={tensorName(model, tensor)}>
        <button type="button" class="link" onClick={() => store.select([{ kind: 'tensor', id: tensor }])}>
          {family !== null && <FamilyDot family={family} />}
          {operator < 0 ? `tensor ${tensor}` : operatorTypeName(model, operator)}
        </button>{' '}
        <span class="muted">
          {operator < 0 ? tensorName(model, tensor) : operatorLabel(model, hierarchy, operator)}
        </span>
      </td>
      <td class="type-cell">
        <TensorType model={model} id={tensor} />
      </td>
      <td class="number" title={`${formatExact(row.stored)} bytes`}>
        {formatBytes(row.stored)}
      </td>
      <td class="number share-cell">
        <Bar share={row.share} color={family === null ? theme.line : theme.families[family].strong} />
        {formatPercent(row.share)}
      </td>
      {HEADINGS.map(({ key, cell, exact }) => (
        <td key={key} class="number" title={exactOf(row, key, exact)}>
          {cell(row)}
        </td>
      ))}
      <td class="type-cell">{zeros}</td>
    </tr>
  );
}

function exactOf(row: WeightRow, key: SortKey, exact: Heading['exact']): string {
  return Number.isNaN(row[key]) ? 'not known' : (exact?.(row) ?? formatExact(row[key]));
}

/** All columns of the report. */
function csvOf({ model }: Loaded, report: Report, rows: WeightRow[]): string {
  return csvText(
    [
      'tensor',
      'name',
      ...report.columns.map(({ name, unit }) => (unit === '1' ? name : `${name} [${unit}]`)),
    ],
    rows.map(({ tensor }) => [
      tensor,
      tensorName(model, tensor),
      ...report.columns.map((column) =>
        column.kind === 'quantity' ? column.values[tensor] : cellText(column, tensor),
      ),
    ]),
  );
}
