/** What the delegate that is looked at makes of the selected operators, and why. */
import { ACCEPTED, delegateOfLens, type DelegateEntry } from '../delegates/verdicts.ts';
import { reasonsOf, WHAT_IF, type Reason } from '../delegates/what-if.ts';
import { formatExact } from '../lib/format.ts';
import { reportOf } from '../state/lens.ts';
import type { Loaded, Store } from '../state/store.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { Section } from './figures.tsx';
import { Many } from './links.tsx';
import { ProvenanceMark } from './provenance.tsx';

const SHOWN = 8;

export function DelegateReasons({ loaded, operators }: { loaded: Loaded; operators: readonly number[] }) {
  const store = useStore();
  const report = reportInSight(store, loaded);
  const isImagined =
    report?.name === WHAT_IF && store.tab.value === 'graph' && store.whatIf.chosen.value.size > 0;
  const reasons = report === null ? [] : reasonsOf(report, operators);
  if (reasons.length === 0) return null;
  return (
    <Section title={`${isImagined ? 'In the what-if of' : 'With'} ${titleOf(report, loaded)}`}>
      <div class="reasons">
        <Many
          items={reasons}
          show={SHOWN}
          render={(reason) => (
            <ReasonLine key={`${reason.verdict} ${reason.text}`} reason={reason} all={operators.length} />
          )}
        />
      </div>
    </Section>
  );
}

/** The same in a line, for an operator that is not just accepted. */
export function HoverReason({ loaded, operator }: { loaded: Loaded; operator: number }) {
  const report = reportInSight(useStore(), loaded);
  const reason = report === null ? undefined : reasonsOf(report, [operator]).at(0);
  if (reason === undefined || reason.verdict === ACCEPTED) return null;
  return (
    <div>
      {titleOf(report, loaded)}: {reason.verdict}
      {reason.text !== '' && `: ${reason.text}`}
    </div>
  );
}

function ReasonLine({ reason: { verdict, text, operators }, all }: { reason: Reason; all: number }) {
  const store = useStore();
  return (
    <div>
      <span class={verdict === 'rejected' ? 'error-text' : undefined}>{verdict}</span>{' '}
      <ProvenanceMark provenance="simulated" />
      {operators.length < all && (
        <>
          {' '}
          <button type="button" class="link" onClick={() => store.selectMany(operators)}>
            {formatExact(operators.length)} operator{operators.length === 1 ? '' : 's'}
          </button>
        </>
      )}
      {text !== '' &&
        text
          .split('; ')
          .reduce<string[]>(withNeeds, [])
          .map((line) => (
            <div key={line} class="muted">
              {line}
            </div>
          ))}
    </div>
  );
}

/** One line per condition: `input 0 is INT8; needed: FLOAT32` belong together. */
function withNeeds(lines: string[], part: string): string[] {
  return part.startsWith('needed: ') && lines.length > 0
    ? [...lines.slice(0, -1), `${lines[lines.length - 1]}; ${part}`]
    : [...lines, part];
}

/** The report of partitions that the page is about: the tab's delegate, or the one that the graph is coloured by. */
function reportInSight(store: Store, loaded: Loaded): Report | null {
  const { looked, reasons } = store.whatIf;
  const id = store.lens.id.value;
  const delegate = store.tab.value === 'delegates' ? looked.value : delegateOfLens(id);
  if (delegate !== null) return reasons.value.get(delegate) ?? null;
  return id === null ? null : (loaded.reports.states.value.get(reportOf(id))?.report ?? null);
}

/** The delegate's name as people call it, where that is known by now. */
function titleOf(report: Report | null, loaded: Loaded): string {
  const name = (report?.summary.delegate ?? '') as string;
  const all = (loaded.reports.states.value.get('delegates')?.report?.summary.delegates ??
    []) as DelegateEntry[];
  return all.find(({ delegate }) => delegate === name)?.title ?? name;
}
