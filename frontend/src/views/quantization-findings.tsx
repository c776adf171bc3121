/** What is the matter with scales, weights and conversions; each finding selects its operators. */
import { formatExact } from '../lib/format.ts';
import type { Finding } from '../wire/model.ts';
import { useStore } from './context.ts';

/** Operators that a finding lists, and no more. */
const MOST_LISTED = 1000;

interface FindingListProps {
  findings: Finding[];
  isQuantized: boolean;
}

export function FindingList({ findings, isQuantized }: FindingListProps) {
  const store = useStore();
  if (findings.length === 0)
    return (
      <p class="muted">
        {isQuantized
          ? 'Nothing was found: parameters, weights and conversions are as the runtime and its specification want them.'
          : 'No tensor of this model has quantization parameters, so there is nothing to check.'}
      </p>
    );
  const selected = store.selection.value;
  const isSelected = ({ operators }: Finding): boolean =>
    operators.length > 0 &&
    selected.length === operators.length &&
    selected.every(({ kind, id }, place) => kind === 'operator' && id === operators[place]);
  return (
    <ul class="findings">
      {findings.map((finding) => {
        const { severity, code, message, operators } = finding;
        return (
          <li key={code + message} class={severity}>
            <p>
              <b>{severity}</b> {message} <code>{code}</code>
            </p>
            {operators.length > 0 && (
              <button
                type="button"
                class="plain"
                aria-pressed={isSelected(finding)}
                title="Select them here and in the graph"
                onClick={() => store.selectMany(operators)}
              >
                Select {operators.length >= MOST_LISTED ? 'the first ' : ''}
                {formatExact(operators.length)}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
