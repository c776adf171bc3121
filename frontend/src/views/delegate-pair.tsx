/** Two delegates side by side: what each takes, and the types in which they differ. */
import { useSignal } from '@preact/signals';
import { differencesOf, onlyIn, type Matrix } from '../delegates/verdicts.ts';
import { formatExact, formatPercent } from '../lib/format.ts';
import { useStore } from './context.ts';

interface SideBySideProps {
  matrix: Matrix;
  /** Place of the delegate that is looked at: the first of the two at first. */
  shown: number;
}

export function SideBySide({ matrix, shown }: SideBySideProps) {
  const first = useSignal<number | null>(null);
  const second = useSignal<number | null>(null);
  const one = first.value ?? shown;
  const other = second.value ?? (one === 0 ? Math.min(1, matrix.delegates.length - 1) : 0);
  const choice = (value: number, choose: (place: number) => void, label: string) => (
    <select aria-label={label} value={value} onChange={(event) => choose(Number(event.currentTarget.value))}>
      {matrix.delegates.map(({ delegate, title }, place) => (
        <option key={delegate} value={place}>
          {title}
        </option>
      ))}
    </select>
  );
  return (
    <>
      <p>
        {choice(one, (place) => (first.value = place), 'first delegate')} and{' '}
        {choice(other, (place) => (second.value = place), 'second delegate')}
      </p>
      <PairTable matrix={matrix} one={one} other={other} />
    </>
  );
}

function PairTable({ matrix, one, other }: { matrix: Matrix; one: number; other: number }) {
  const pair = [matrix.delegates[one], matrix.delegates[other]];
  const rows = differencesOf(matrix, one, other);
  const share = (place: number): string => {
    const { delegated, operators } = matrix.delegates[place];
    return formatPercent(operators === 0 ? 0 : delegated / operators);
  };
  return (
    <div class="matrix-scroll">
      <table class="fixes pair">
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col" class="number">
              operators
            </th>
            {pair.map(({ delegate, title }, side) => (
              <th key={`${side} ${delegate}`} scope="col" class="number">
                {title}
              </th>
            ))}
            {pair.map(({ delegate, title }, side) => (
              <th key={`${side} ${delegate} only`} scope="col" class="number">
                only {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">partitions</th>
            <td />
            {pair.map(({ partitions }, side) => (
              <td key={side} class="number">
                {formatExact(partitions)}
              </td>
            ))}
            <td />
            <td />
          </tr>
          <tr>
            <th scope="row">all types</th>
            <td class="number">{formatExact(pair[0].operators)}</td>
            {[one, other].map((place, side) => (
              <td key={side} class="number">
                {formatExact(matrix.delegates[place].delegated)} <span class="muted">{share(place)}</span>
              </td>
            ))}
            <OnlyCell operators={onlyIn(matrix, one, other)} />
            <OnlyCell operators={onlyIn(matrix, other, one)} />
          </tr>
          {rows.map(({ type, count, taken, onlyOne, onlyOther }) => (
            <tr key={type}>
              <th scope="row">{type}</th>
              <td class="number">{formatExact(count)}</td>
              {taken.map((number, side) => (
                <td key={side} class="number">
                  {formatExact(number)}
                </td>
              ))}
              <OnlyCell operators={onlyOne} />
              <OnlyCell operators={onlyOther} />
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="muted">They take the same operators.</p>}
    </div>
  );
}

/** How many only one of them takes; a click selects them. */
function OnlyCell({ operators }: { operators: number[] }) {
  const store = useStore();
  return (
    <td class="number">
      {operators.length === 0 ? (
        <span class="muted">–</span>
      ) : (
        <button
          type="button"
          class="plain link"
          title="Select them here and in the graph"
          onClick={() => store.selectMany(operators)}
        >
          {formatExact(operators.length)}
        </button>
      )}
    </td>
  );
}
