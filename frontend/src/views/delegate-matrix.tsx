/** Operator types by delegates: how many each takes; a cell selects those that it does not. */
import { leftOf, type Cell, type Matrix, type TypeRow } from '../delegates/verdicts.ts';
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
  const left = leftOf(cell);
  const kind = kindOf(cell, left.length);
  const words = [
    `${cell.accepted} of ${count} accepted`,
    ...(cell.device.length > 0 ? [`${cell.device.length} of these if the device holds their tensors`] : []),
    ...(cell.rejected.length > 0 ? [`${cell.rejected.length} rejected`] : []),
    ...(cell.optional.length > 0 ? [`${cell.optional.length} accepted with another option`] : []),
    ...(cell.limited.length > 0 ? [`${cell.limited.length} left by limits on partitions`] : []),
  ].join(', ');
  const text = { all: 'all', device: 'all if', limit: 'limit', option: 'if', some: '', none: '' }[kind];
  const label = text === '' ? `${cell.accepted}` : text;
  if (left.length === 0)
    return (
      <span class={`verdict ${kind}`} title={`${title}: ${words}`}>
        {label}
      </span>
    );
  return (
    <button
      type="button"
      class={`plain verdict ${kind}`}
      title={`${title}: ${words}. Selects those that stay behind`}
      aria-label={`${row.type}, ${title}: ${words}`}
      onClick={() => store.selectMany(left)}
    >
      {label}
    </button>
  );
}

/** How a cell looks: what is the worst in it. */
function kindOf(
  { accepted, rejected, optional, device }: Cell,
  left: number,
): 'all' | 'device' | 'some' | 'none' | 'option' | 'limit' {
  if (left === 0) return device.length > 0 ? 'device' : 'all';
  if (accepted > 0) return 'some';
  if (rejected.length > 0) return 'none';
  return optional.length > 0 ? 'option' : 'limit';
}
