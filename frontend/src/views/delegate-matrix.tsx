/** Operator types by delegates: how many each takes; a cell selects those that it does not. */
import type { Cell, Matrix, TypeRow } from '../delegates/verdicts.ts';
import { formatExact } from '../lib/format.ts';
import { useStore } from './context.ts';

interface DelegateMatrixProps {
  matrix: Matrix;
  /** Place of the delegate that is looked at. */
  shown: number;
}

export function DelegateMatrix({ matrix: { delegates, rows }, shown }: DelegateMatrixProps) {
  const store = useStore();
  return (
    <div class="matrix-scroll">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">type</th>
            <th scope="col" class="number">
              operators
            </th>
            {delegates.map(({ delegate, title }, place) => (
              <th key={delegate} scope="col" class={shown === place ? 'current' : undefined}>
                <button type="button" class="plain" title={title} onClick={() => store.whatIf.show(delegate)}>
                  {delegate}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.type}>
              <th scope="row">
                <button
                  type="button"
                  class="plain link"
                  title="Select them here and in the graph"
                  onClick={() => store.selectMany(row.operators)}
                >
                  {row.type}
                </button>
              </th>
              <td class="number">{formatExact(row.operators.length)}</td>
              {row.cells.map((cell, place) => (
                <td key={delegates[place].delegate} class={shown === place ? 'current' : undefined}>
                  <MatrixCell cell={cell} row={row} title={delegates[place].title} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MatrixCell({ cell, row, title }: { cell: Cell; row: TypeRow; title: string }) {
  const store = useStore();
  const count = row.operators.length;
  const left = [...cell.rejected, ...cell.limited];
  const kind =
    left.length === 0 ? 'all' : cell.accepted > 0 ? 'some' : cell.rejected.length > 0 ? 'none' : 'limit';
  const words = [
    `${cell.accepted} of ${count} accepted`,
    ...(cell.rejected.length > 0 ? [`${cell.rejected.length} rejected`] : []),
    ...(cell.limited.length > 0 ? [`${cell.limited.length} left by limits on partitions`] : []),
  ].join(', ');
  const text = kind === 'all' ? 'all' : kind === 'limit' ? 'limit' : `${cell.accepted}`;
  if (left.length === 0)
    return (
      <span class={`verdict ${kind}`} title={`${title}: ${words}`}>
        {text}
      </span>
    );
  return (
    <button
      type="button"
      class={`plain verdict ${kind}`}
      title={`${title}: ${words}. Selects those that stay behind`}
      aria-label={`${row.type}, ${title}: ${words}`}
      onClick={() => store.selectMany(left.sort((a, b) => a - b))}
    >
      {text}
    </button>
  );
}
