/** One delegate: why operators stay behind, and what taking them would win. */
import type { DelegateEntry } from '../delegates/verdicts.ts';
import { tickedOf, withOperators, type Fix, type Fixes } from '../delegates/what-if.ts';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { useLatest } from './remote.ts';

interface DelegateDetailsProps {
  loaded: Loaded;
  entry: DelegateEntry;
}

export function DelegateDetails({ loaded, entry }: DelegateDetailsProps) {
  const store = useStore();
  const profile = store.whatIf.profile.value;
  const remote = useLatest(profile ?? '', () => store.source.fixes(loaded.id, entry.delegate, profile));
  const { value: fixes, error } = remote.value;
  return (
    <>
      <h2>{entry.title}: fix these first</h2>
      {error !== null && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      {error === null && fixes === null && <p class="muted">counting what each reason costs …</p>}
      {fixes !== null && fixes.fixes.length === 0 && (
        <p class="muted">
          {fixes.delegated === fixes.operators
            ? 'Every operator is taken.'
            : 'No condition fails: what stays behind does so by the limits on partitions.'}
        </p>
      )}
      {fixes !== null && fixes.fixes.length > 0 && <FixTable fixes={fixes} />}
    </>
  );
}

function FixTable({ fixes }: { fixes: Fixes }) {
  const store = useStore();
  const { source, whatIf } = store;
  const isTimed = fixes.fixes.some(({ time }) => time !== null);
  const tick = (fix: Fix) => (
    <td>
      <input
        type="checkbox"
        aria-label={`What if: ${fix.title}`}
        title="Have it in the what-if below"
        checked={tickedOf(fix.operators, whatIf.chosen.value) === 'all'}
        onChange={(event) =>
          whatIf.choose(withOperators(whatIf.chosen.peek(), fix.operators, event.currentTarget.checked))
        }
      />
    </td>
  );
  return (
    <div class="matrix-scroll">
      <table class="fixes">
        <thead>
          <tr>
            {source.hasWhatIfs && <th scope="col" aria-label="in the what-if" />}
            <th scope="col">if these were taken</th>
            <th scope="col" class="number">
              operators
            </th>
            <th scope="col" class="number" title="Operators in partitions then, beside what they are now">
              delegated
            </th>
            <th scope="col" class="number">
              partitions
            </th>
            <th scope="col" class="number" title="Bytes that enter and leave partitions in one inference">
              across borders
            </th>
            {isTimed && (
              <th
                scope="col"
                class="number"
                title="Estimated: of the time that was measured the most that could move into the delegate"
              >
                time at most
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <tr class="muted">
            {source.hasWhatIfs && <td />}
            <td>as it is</td>
            <td class="number" />
            <td class="number">{formatExact(fixes.delegated)}</td>
            <td class="number">{formatExact(fixes.partitions)}</td>
            <td class="number">{formatBytes(fixes.crossing_bytes)}</td>
            {isTimed && <td class="number" />}
          </tr>
          {fixes.fixes.map((fix) => (
            <tr key={fix.title}>
              {source.hasWhatIfs && tick(fix)}
              <td>
                <button
                  type="button"
                  class="plain link"
                  title="Select them here and in the graph"
                  onClick={() => store.selectMany(fix.operators)}
                >
                  {fix.title}
                </button>
                {fix.hint !== '' && <span class="hint">→ {fix.hint}</span>}
              </td>
              <td class="number">{formatExact(fix.operators.length)}</td>
              <td class="number">
                {formatExact(fix.delegated)}{' '}
                <span class="muted">{changeText(fix.delegated - fixes.delegated)}</span>
              </td>
              <td class="number">{formatExact(fix.partitions)}</td>
              <td class="number">{formatBytes(fix.crossing_bytes)}</td>
              {isTimed && <TimeCell fix={fix} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TimeCell({ fix: { time } }: { fix: Fix }) {
  if (time === null) return <td class="number muted">not known</td>;
  return (
    <td
      class="number"
      title={`${formatQuantity(time.moved_us, 'us')}: ${time.sentences.join(' ')} ${time.label}`}
    >
      {formatPercent(time.moved_share)}
    </td>
  );
}

function changeText(change: number): string {
  return change < 0 ? `−${formatExact(-change)}` : `+${formatExact(change)}`;
}
