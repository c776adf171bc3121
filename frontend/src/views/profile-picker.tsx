/** The runs of the model: which one is shown, and which stand beside it. */
import type { RunEntry } from '../host/runs.ts';
import { formatQuantity } from '../lib/units.ts';
import { useStore } from './context.ts';

export function RunPicker() {
  const { runs } = useStore();
  const all = (runs.entries.value ?? []).filter(({ kind }) => kind === 'profile');
  if (all.length === 0) return null;
  const [first] = runs.shown.value;
  const others = runs.shown.value.slice(1);
  return (
    <div class="run-picker">
      <select
        aria-label="Profile that is shown"
        value={first}
        onChange={(event) => {
          const { value } = event.currentTarget;
          void runs.choose([value, ...others.filter((id) => id !== value)]);
        }}
      >
        {all.map((entry) => (
          <option key={entry.id} value={entry.id}>
            {runTitle(entry)}
          </option>
        ))}
      </select>
      {all.length > 1 && (
        <details class="beside">
          <summary>{others.length === 0 ? 'Compare with …' : `Compared with ${others.length}`}</summary>
          <div class="popover">
            {all
              .filter(({ id }) => id !== first)
              .map((entry) => (
                <label key={entry.id}>
                  <input
                    type="checkbox"
                    checked={others.includes(entry.id)}
                    onChange={(event) => {
                      const kept = others.filter((id) => id !== entry.id);
                      void runs.choose([first, ...kept, ...(event.currentTarget.checked ? [entry.id] : [])]);
                    }}
                  />{' '}
                  {runTitle(entry)}
                </label>
              ))}
          </div>
        </details>
      )}
    </div>
  );
}

/** `xnnpack, 2 threads · 38.1 µs · 24 Nov 06:32`, or where it was logged. */
export function runTitle(entry: RunEntry): string {
  const { kernels, threads, median_us: median, step } = entry;
  const parts = [
    [kernels ?? 'profile', threads == null ? '' : `${threads} thread${threads === 1 ? '' : 's'}`]
      .filter((part) => part !== '')
      .join(', '),
    median == null ? '' : formatQuantity(median, 'us'),
    entry.logged
      ? `${entry.run === '.' ? '' : `${entry.run ?? ''}/`}${entry.tag ?? entry.label}${step == null ? '' : ` step ${step}`}`
      : timeText(entry.created),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

export function timeText(created: string): string {
  const time = new Date(created);
  if (created === '' || Number.isNaN(time.getTime())) return '';
  return time.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}
