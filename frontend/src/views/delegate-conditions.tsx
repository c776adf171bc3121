/** What a delegate would take if: with another option, or on a device that is large enough. */
import { conditional, type Matrix } from '../delegates/verdicts.ts';
import { formatExact } from '../lib/format.ts';
import { useStore } from './context.ts';

interface DelegateConditionsProps {
  matrix: Matrix;
  place: number;
}

export function DelegateConditions({ matrix, place }: DelegateConditionsProps) {
  const store = useStore();
  const conditions = Object.entries(matrix.delegates[place].conditions).sort(([, a], [, b]) => b - a);
  if (conditions.length === 0) return null;
  return (
    <div class="conditions">
      <p>
        Accepted if{' '}
        <button
          type="button"
          class="plain link"
          title="Select them here and in the graph"
          onClick={() => store.selectMany(conditional(matrix, place))}
        >
          Select
        </button>
      </p>
      <ul>
        {conditions.map(([condition, count]) => (
          <li key={condition}>
            <span class="number">{formatExact(count)}</span> <code>{condition}</code>
          </li>
        ))}
      </ul>
      {conditions.some(([condition]) => condition.startsWith('option')) && (
        <p class="muted">
          With another option of the delegate an operator would be taken that now stays behind.
        </p>
      )}
      {conditions.some(([condition]) => condition.startsWith('device')) && (
        <p class="muted">
          What needs a device of some size is taken: on a smaller device the delegate fails as a whole.
        </p>
      )}
    </div>
  );
}
