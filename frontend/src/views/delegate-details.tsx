/** One delegate: why operators stay behind, and what taking them would win. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { DelegateEntry, Fixes } from '../delegates/verdicts.ts';
import { formatBytes, formatExact } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';

interface DelegateDetailsProps {
  loaded: Loaded;
  entry: DelegateEntry;
}

export function DelegateDetails({ loaded, entry }: DelegateDetailsProps) {
  const store = useStore();
  const found = useSignal<Fixes | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    store.source.fixes(loaded.id, entry.delegate).then(
      (answer) => {
        if (isCurrent) found.value = answer;
      },
      (reason: unknown) => {
        if (isCurrent) error.value = reason instanceof Error ? reason.message : String(reason);
      },
    );
    return () => (isCurrent = false);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key of this element is the delegate
  }, []);
  const fixes = found.value;
  return (
    <>
      <h2>{entry.title}: fix these first</h2>
      {error.value !== null && (
        <p class="notice error" role="alert">
          {error.value}
        </p>
      )}
      {error.value === null && fixes === null && <p class="muted">counting what each reason costs …</p>}
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
  return (
    <div class="matrix-scroll">
      <table class="fixes">
        <thead>
          <tr>
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
          </tr>
        </thead>
        <tbody>
          <tr class="muted">
            <td>as it is</td>
            <td class="number" />
            <td class="number">{formatExact(fixes.delegated)}</td>
            <td class="number">{formatExact(fixes.partitions)}</td>
            <td class="number">{formatBytes(fixes.crossing_bytes)}</td>
          </tr>
          {fixes.fixes.map((fix) => (
            <tr key={fix.title}>
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
                <span class="muted">+{formatExact(fix.delegated - fixes.delegated)}</span>
              </td>
              <td class="number">{formatExact(fix.partitions)}</td>
              <td class="number">{formatBytes(fix.crossing_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
