/** Tensors with quantization parameters: weights, the weakest first, and what is computed. */
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { formatExact, formatNumber, formatPercent } from '../lib/format.ts';
import { sortedBy, type Figure, type TensorRow } from '../quantization/quantization.ts';
import type { Loaded } from '../state/store.ts';
import { tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { TensorType } from './links.tsx';
import { SortHead, sortOf } from './sort-head.tsx';

const SHOWN = 100;

interface Heading {
  name: string;
  key: Figure;
  explain: string;
  format: (value: number) => string;
}

const bits = (value: number): string => `${value.toFixed(1)} bits`;

const WEIGHTS: Heading[] = [
  {
    name: 'Weakest',
    key: 'weakest_bits',
    explain: 'Bits that the values of the weakest channel use, all-zero channels left out',
    format: bits,
  },
  {
    name: 'Median',
    key: 'median_bits',
    explain: 'Bits that the values of the median channel use',
    format: bits,
  },
  {
    name: 'Range used',
    key: 'range_use',
    explain: 'What the channel that takes most takes of the range of the type',
    format: formatPercent,
  },
  {
    name: 'Scales',
    key: 'channels',
    explain: 'Number of scales, where there are several',
    format: formatExact,
  },
  { name: 'Ratio', key: 'scale_ratio', explain: 'Largest scale by the smallest', format: formatNumber },
  {
    name: 'Outliers',
    key: 'outlier_channels',
    explain: 'Channels whose scale is 8 times larger or smaller than the median one',
    format: formatExact,
  },
  {
    name: 'Half used',
    key: 'half_used_channels',
    explain: 'Channels or blocks that take less than half of the range',
    format: formatExact,
  },
  {
    name: 'Zero',
    key: 'zero_channels',
    explain: 'Channels or blocks of nothing but zero',
    format: formatExact,
  },
];

const PARAMETERS: Heading[] = [
  { name: 'Scale', key: 'scale', explain: 'One step of the stored value', format: formatNumber },
  { name: 'Zero point', key: 'zero_point', explain: 'The stored value of real 0', format: formatExact },
  {
    name: 'Least',
    key: 'real_min',
    explain: 'The smallest real value that can be stored',
    format: formatNumber,
  },
  {
    name: 'Greatest',
    key: 'real_max',
    explain: 'The largest real value that can be stored',
    format: formatNumber,
  },
];

interface WeightTableProps {
  loaded: Loaded;
  rows: TensorRow[];
  shown: number | null;
}

export function WeightTable({ loaded, rows, shown }: WeightTableProps) {
  return (
    <Table
      loaded={loaded}
      rows={rows}
      headings={WEIGHTS}
      first={{ key: 'weakest_bits', up: true }}
      name="quantization-weights"
      shown={shown}
      note={
        rows.length === 0
          ? 'No values of a quantized constant are in the file.'
          : shown === null
            ? 'A row shows its tensor channel by channel'
            : ''
      }
    />
  );
}

export function ParameterTable({ loaded, rows }: { loaded: Loaded; rows: TensorRow[] }) {
  const selected = useStore().primary.value;
  return (
    <Table
      loaded={loaded}
      rows={rows}
      headings={PARAMETERS}
      first={{ key: 'scale', up: false }}
      name="quantization-parameters"
      shown={selected?.kind === 'tensor' ? selected.id : null}
      note="Computed tensors, biases, and constants that are elsewhere"
    />
  );
}

interface TableProps {
  loaded: Loaded;
  rows: TensorRow[];
  headings: Heading[];
  first: { key: Figure; up: boolean };
  name: string;
  shown: number | null;
  note: string;
}

function Table({ loaded: { model }, rows, headings, first, name, shown, note }: TableProps) {
  const store = useStore();
  const sort = useSignal(first);
  const isAll = useSignal(false);
  const sorted = sortedBy(rows, sort.value.key, sort.value.up);
  const visible = isAll.value ? sorted : sorted.slice(0, SHOWN);
  const csv = (): string =>
    csvText(
      ['tensor', 'name', 'scheme', ...headings.map(({ key }) => key)],
      sorted.map(({ tensor, scheme, figures }) => [
        tensor,
        tensorName(model, tensor),
        scheme,
        ...headings.map(({ key }) => figures[key]),
      ]),
    );
  return (
    <>
      <p class="table-note">
        <span class="muted">{note}</span>
        <span class="spacer" />
        <CsvButton name={name} csv={csv} />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              <th>Tensor</th>
              <th>Type</th>
              <th>Scheme</th>
              {headings.map(({ name: heading, key, explain }) => (
                <SortHead
                  key={key}
                  name={heading}
                  explain={explain}
                  sorted={sortOf(sort.value, key)}
                  onSort={() => (sort.value = { key, up: sort.value.key === key ? !sort.value.up : true })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {visible.map(({ tensor, scheme, figures }) => (
              <tr
                key={tensor}
                class={tensor === shown ? 'selected' : ''}
                aria-selected={tensor === shown}
                onClick={() => store.select([{ kind: 'tensor', id: tensor }])}
              >
                <td class="operator-cell" title={tensorName(model, tensor)}>
                  <button
                    type="button"
                    class="link"
                    onClick={() => store.select([{ kind: 'tensor', id: tensor }])}
                  >
                    {tensorName(model, tensor) || `tensor ${tensor}`}
                  </button>
                </td>
                <td class="nowrap">
                  <TensorType model={model} id={tensor} />
                </td>
                <td>{scheme}</td>
                {headings.map(({ key, format }) => (
                  <td
                    key={key}
                    class="number"
                    title={Number.isNaN(figures[key]) ? undefined : String(figures[key])}
                  >
                    {Number.isNaN(figures[key]) ? '' : format(figures[key])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {visible.length < sorted.length && (
        <button type="button" onClick={() => (isAll.value = true)}>
          Show {(sorted.length - visible.length).toLocaleString('en')} more
        </button>
      )}
    </>
  );
}
