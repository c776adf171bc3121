/** What all analyses found, the severest first; each finding leads to its operators. */
import { useEffect } from 'preact/hooks';
import { formatExact } from '../lib/format.ts';
import { gather, isLinted, type Listed } from '../overview/findings.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { Many } from './links.tsx';

/** Operators that a finding lists, and no more. */
const MOST_LISTED = 1000;
const SHOWN = 12;

export function AllFindings({ loaded: { model, reports } }: { loaded: Loaded }) {
  const names = model.reports.filter(isLinted);
  const ask = (): void => {
    for (const name of names) reports.ask(name).catch(() => undefined);
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once per mount
  useEffect(ask, []);
  const { findings, waiting, failed } = gather(names, reports.states.value);
  const notes = findings.filter(({ severity }) => severity === 'note');
  const worse = findings.filter(({ severity }) => severity !== 'note');
  const count = (severity: string): number => worse.filter((finding) => finding.severity === severity).length;
  return (
    <section class="card wide">
      <h2>
        Findings{' '}
        <span class="muted" role="status">
          {[
            counted(count('error'), 'error'),
            counted(count('warning'), 'warning'),
            counted(notes.length, 'note'),
          ].join(', ')}
          {waiting > 0 && ` · ${waiting} of ${names.length} analyses still at work`}
        </span>
      </h2>
      {failed.map(({ name, error }) => (
        <p key={name} class="notice error" role="alert">
          {name}: {error}{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      ))}
      {worse.length === 0 && waiting === 0 && failed.length === 0 && (
        <p class="muted">No analysis found an error, or anything to warn of.</p>
      )}
      <ul class="findings">
        <Many
          items={worse}
          show={SHOWN}
          render={(finding) => <FindingRow key={keyOf(finding)} finding={finding} />}
        />
      </ul>
      {notes.length > 0 && (
        <details open={worse.length === 0}>
          <summary>{counted(notes.length, 'note')}</summary>
          <ul class="findings">
            <Many
              items={notes}
              show={SHOWN}
              render={(finding) => <FindingRow key={keyOf(finding)} finding={finding} />}
            />
          </ul>
        </details>
      )}
    </section>
  );
}

function FindingRow({ finding: { severity, code, message, operators, reports } }: { finding: Listed }) {
  const store = useStore();
  const show = (): void => {
    if (operators.length === 1) void store.goTo({ kind: 'operator', id: operators[0] });
    else store.showMany(operators);
  };
  return (
    <li class={severity}>
      <p>
        <b>{severity}</b> {message} <code title={`found by ${reports.join(', ')}`}>{code}</code>
      </p>
      {operators.length > 0 && (
        <button type="button" class="link" title="Select them in the graph" onClick={show}>
          {operators.length >= MOST_LISTED ? 'first ' : ''}
          {formatExact(operators.length)} operator{operators.length === 1 ? '' : 's'} →
        </button>
      )}
    </li>
  );
}

function counted(count: number, word: string): string {
  return `${formatExact(count)} ${word}${count === 1 ? '' : 's'}`;
}

function keyOf({ code, message }: Listed): string {
  return code + message;
}
