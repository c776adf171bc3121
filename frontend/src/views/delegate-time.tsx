/** What a what-if may mean in time: whose profile, how its time divides, the bound and what was assumed. */
import { timeShares, type Estimate, type WhatIf } from '../delegates/what-if.ts';
import { formatPercent } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import { useStore } from './context.ts';
import { runTitle } from './profile-picker.tsx';

export function DelegateTime({ answer }: { answer: WhatIf }) {
  const store = useStore();
  const profiles = (store.runs.entries.value ?? []).filter(({ kind }) => kind === 'profile');
  if (profiles.length === 0)
    return (
      <p class="muted">
        What it would save in time is not known: there is no profile of this model.{' '}
        <button type="button" class="link" onClick={() => store.setTab('profile')}>
          Profile it
        </button>
      </p>
    );
  return (
    <div class="what-if-time">
      <h3>Time, estimated</h3>
      <label class="muted">
        from{' '}
        <select
          aria-label="Profile that times come from"
          value={store.whatIf.profile.value ?? ''}
          onChange={(event) => {
            const { value } = event.currentTarget;
            store.whatIf.profile.value = value === '' ? null : value;
          }}
        >
          <option value="">the newest profiles that fit</option>
          {profiles.map((entry) => (
            <option key={entry.id} value={entry.id}>
              {runTitle(entry)}
            </option>
          ))}
        </select>
      </label>
      {answer.time === null ? (
        <p class="muted">
          No time of an operator is known from {store.whatIf.profile.value === null ? 'them' : 'it'}:
          inferences were timed as a whole only.
        </p>
      ) : (
        <Times time={answer.time} assumptions={answer.assumptions} />
      )}
    </div>
  );
}

function Times({ time, assumptions }: { time: Estimate; assumptions: string }) {
  const { inside, joins, outside } = timeShares(time);
  const parts: [name: string, kind: string, share: number][] = [
    ['taken as it is', 'inside', inside],
    ['would join', 'joins', joins],
    ['stays outside', 'outside', outside],
  ];
  return (
    <>
      <div class="time-bar" aria-hidden="true">
        {parts.map(([name, kind, share]) => (
          <span key={name} class={kind} style={{ width: `${100 * share}%` }} />
        ))}
      </div>
      <ul class="time-legend" aria-label={`Of ${formatQuantity(time.total_us, 'us')} measured`}>
        {parts.map(([name, kind, share]) => (
          <li key={name}>
            <span class={`time-dot ${kind}`} aria-hidden="true" /> {name}{' '}
            <span class="muted">
              {formatPercent(share)} · {formatQuantity(share * time.total_us, 'us')}
            </span>
          </li>
        ))}
      </ul>
      <p>{time.sentences.join(' ')}</p>
      <p class="muted small">
        {time.label}
        {time.other !== null && time.expected_us !== null && <>; compared with {time.other}</>}. {assumptions}
      </p>
    </>
  );
}
