/** Values as numbers, a page at a time. */
import { useSignal } from '@preact/signals';
import { formatNumber } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { useLatest } from './remote.ts';
import { describeCell, valuesOf } from './weights-picture.tsx';
import { PlaceInput, type Shown } from './weights-viewer.tsx';

const SIZE: [number, number] = [16, 12];

export function Numbers({ loaded, tensor, shown }: { loaded: Loaded; tensor: number; shown: Shown }) {
  const { source } = useStore();
  const begin = useSignal<[number, number]>([0, 0]);
  const remote = useLatest(String(begin.value), () =>
    source.slice(loaded.id, tensor, {
      ...shown.layout,
      at: shown.at,
      begin: begin.value,
      size: SIZE,
      most: SIZE,
    }),
  );
  const { value: slice, error } = remote.value;
  if (error !== null) return <p class="error-text">{error}</p>;
  if (slice === null) return <div class="viewer-waiting" />;
  const values = valuesOf(slice, shown.real);
  const [rows, columns] = slice.size;
  const [allRows, allColumns] = slice.matrix;
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return (
    <>
      <p class="axis">
        <span class="muted">from row</span>
        <PlaceInput
          label="First row"
          count={allRows}
          value={begin.value[0]}
          onChange={(row) => (begin.value = [row, begin.value[1]])}
        />
        <span class="muted">of {allRows}, column</span>
        <PlaceInput
          label="First column"
          count={allColumns}
          value={begin.value[1]}
          onChange={(column) => (begin.value = [begin.value[0], column])}
        />
        <span class="muted">of {allColumns}</span>
      </p>
      <div class="wide-table numbers">
        <table>
          <thead>
            <tr>
              <th />
              {range(columns).map((column) => (
                <th key={column} class="number">
                  {slice.begin[1] + column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {range(rows).map((row) => (
              <tr key={row}>
                <th class="number">{slice.begin[0] + row}</th>
                {range(columns).map((column) => (
                  <td key={column} class="number" title={describeCell(slice, shown, row, column)}>
                    {short(values[row * columns + column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) ? formatNumber(value) : formatNumber(Number(value.toPrecision(3)));
}
