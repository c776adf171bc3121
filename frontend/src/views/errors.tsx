/** Which operators lose how much against a reference: along the network, one by one, and in a table. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { RunEntry } from '../host/runs.ts';
import { formatExact } from '../lib/format.ts';
import { errorPoints, figuresIn, worstFirst } from '../quantization/errors.ts';
import type { Loaded } from '../state/store.ts';
import { decodeCloseups, type Kind } from '../wire/closeups.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { ErrorsAlong } from './errors-along.tsx';
import { CloseupView } from './errors-closeup.tsx';
import { ErrorForm } from './errors-run.tsx';
import { ErrorTable } from './errors-table.tsx';
import { JobState } from './profile-run.tsx';
import { timeText } from './profile-picker.tsx';
import { ProvenanceMark } from './provenance.tsx';
import { FindingList } from './quantization-findings.tsx';
import { useRemote } from './remote.ts';

/** Values of an operator that a result keeps where nothing is cut (runtime/layer_closeups.py). */
const MOST_POINTS = 400;

export function ErrorSection({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { runs } = store;
  const running = store.listing.value?.running ?? null;
  const runnable = running?.allowed === true ? running : null;
  const isAsking = useSignal(false);
  const all = runs.entries.value?.filter(({ kind }) => kind === 'layer_error') ?? null;
  const [id, report, job] = [runs.errorsId.value, runs.errors.value, runs.job.value];
  return (
    <div class="errors">
      {all !== null && all.length > 0 && (
        <div class="run-picker">
          <Picker all={all} shown={id} />
          <span class="spacer" />
          {runnable !== null && job === null && (
            <button
              type="button"
              aria-expanded={isAsking.value}
              onClick={() => (isAsking.value = !isAsking.value)}
            >
              Compare …
            </button>
          )}
          {id !== null && <SaveLink loaded={loaded} id={id} />}
        </div>
      )}
      {runs.failure.value !== null && (
        <p class="error-text" role="alert">
          The results of this model could not be read: {runs.failure.value}
        </p>
      )}
      {job !== null && <JobState job={job} />}
      {isAsking.value && runnable !== null && job === null && (
        <ErrorForm running={runnable} onStart={() => (isAsking.value = false)} />
      )}
      {all === null && runs.failure.value === null && <p class="muted">looking for results …</p>}
      {all?.length === 0 && job === null && (
        <NoErrors
          reason={
            runnable !== null
              ? null
              : running?.allowed === false
                ? running.reason
                : 'the server does not say why'
          }
        >
          {runnable !== null && <ErrorForm running={runnable} onStart={() => undefined} />}
        </NoErrors>
      )}
      {all !== null && all.length > 0 && report === null && runs.failure.value === null && (
        <p class="muted">reading the result …</p>
      )}
      {id !== null && report !== null && <Body key={id} loaded={loaded} id={id} report={report} />}
    </div>
  );
}

/** What this is for, and the form, or why there is none. */
function NoErrors({ reason, children }: { reason: string | null; children: preact.ComponentChildren }) {
  const store = useStore();
  const name = store.entry.value?.name ?? 'model.tflite';
  return (
    <>
      <p>
        Runs this model and a reference – the float model that it was made from, or the same model with other
        kernels – on the same inputs, and says which operators lose how much: from the inputs on, and by
        themselves.
      </p>
      {reason === null ? (
        children
      ) : (
        <>
          <p>It cannot be run from here: {reason}.</p>
          <p>From a shell, and then logged beside the model, or put into a report of one file:</p>
          <pre>{`tflite-viz quantization ${name} --against float.tflite --logdir logs/run1
tflite-viz quantization ${name} --against float.tflite -o errors.json
tflite-viz report ${name} --errors errors.json -o report.html`}</pre>
        </>
      )}
    </>
  );
}

function Picker({ all, shown }: { all: RunEntry[]; shown: string | null }) {
  const { runs } = useStore();
  return (
    <select
      aria-label="Result that is shown"
      value={shown ?? ''}
      onChange={(event) => void runs.chooseErrors(event.currentTarget.value)}
    >
      {all.map((entry) => (
        <option key={entry.id} value={entry.id}>
          {titleOf(entry)}
        </option>
      ))}
    </select>
  );
}

function titleOf(entry: RunEntry): string {
  const { against, against_itself: isItself, kernels, reference_kernels: theirs, samples, step } = entry;
  const sides = kernels === theirs ? kernels : `${kernels ?? '?'} against ${theirs ?? '?'}`;
  const parts =
    entry.source != null
      ? [`measured by ${entry.source}`, entry.file]
      : [
          isItself === true ? `its own kernels, ${sides ?? ''}` : `against ${against ?? '?'}, ${sides ?? ''}`,
          `${samples ?? '?'} samples`,
        ];
  const where = entry.logged
    ? `${entry.run === '.' ? '' : `${entry.run ?? ''}/`}${entry.tag ?? entry.label}${step == null ? '' : ` step ${step}`}`
    : timeText(entry.created);
  return [...parts, where].filter((part) => part != null && part !== '').join(' · ');
}

function SaveLink({ loaded, id }: { loaded: Loaded; id: string }) {
  const url = useStore().source.errorsUrl(loaded.id, id);
  if (url === null) return null;
  return (
    <a href={url} download={`${id}.errors.json`} title="The result as a file, as -o of the command writes it">
      Save the result
    </a>
  );
}

interface BodyProps {
  loaded: Loaded;
  id: string;
  report: Report;
}

function Body({ loaded, id, report }: BodyProps) {
  const store = useStore();
  const figures = useMemo(() => figuresIn(report), [report]);
  const chosen = useSignal(0);
  const figure = figures.at(chosen.value);
  const points = useMemo(() => (figure === undefined ? [] : errorPoints(report, figure)), [report, figure]);
  const kind = useSignal<Kind>(
    points.every(({ whole, isEqual }) => Number.isNaN(whole) && !isEqual) ? 'local' : 'whole',
  );
  const closeups = useRemote(() => store.source.closeups(loaded.id, id).then(decodeCloseups)).value;
  if (figure === undefined || points.length === 0)
    return <p class="muted">This result has no figure of any operator.</p>;
  const selected = store.primary.value;
  const isOther = selected?.kind === 'operator' && points.every(({ operator }) => operator !== selected.id);
  const worst = worstFirst(points, kind.value, figure)[0].operator;
  const shown = selected?.kind === 'operator' ? selected.id : worst;
  return (
    <>
      <Summary report={report} />
      <ErrorsAlong
        loaded={loaded}
        report={report}
        figure={figure}
        points={points}
        shown={isOther ? null : shown}
        controls={
          <>
            <button
              type="button"
              class="plain"
              title="Colour the graph by this figure"
              onClick={() => {
                store.setTab('graph');
                const isWhole = points.some(({ whole }) => !Number.isNaN(whole));
                store.setLens(`layer_error.${isWhole ? '' : 'local_'}${figure.key}`);
              }}
            >
              Show in graph
            </button>
            <select
              aria-label="Figure along the network"
              value={chosen.value}
              onChange={(event) => (chosen.value = Number(event.currentTarget.value))}
            >
              {figures.map(({ key, name }, place) => (
                <option key={key} value={place}>
                  {name}
                </option>
              ))}
            </select>
          </>
        }
      />
      <CloseupView
        loaded={loaded}
        operator={shown}
        isCompared={!isOther}
        isChosen={selected?.kind === 'operator'}
        kind={kind}
        closeups={closeups}
      />
      {report.findings.length > 0 && <FindingList findings={report.findings} isQuantized={true} />}
      <ErrorTable loaded={loaded} report={report} shown={isOther ? null : shown} />
    </>
  );
}

/** What was compared with what, as far as the result says so. */
function Summary({ report: { summary } }: { report: Report }) {
  const text = (name: string): string => (typeof summary[name] === 'string' ? summary[name] : '?');
  const reference = summary.reference as { name?: string } | undefined;
  const numbers = ['samples', 'seed', 'compared', 'equal', 'operators', 'matched'].map((name) =>
    typeof summary[name] === 'number' ? formatExact(summary[name]) : null,
  );
  const [samples, seed, compared, equal, operators, matched] = numbers;
  const kernels = ['kernels', 'reference_kernels'].map(text);
  const parts =
    summary.source !== undefined
      ? [`measured by ${text('source')}`, `${matched ?? '?'} operators named`]
      : [
          `against ${reference?.name ?? '?'}`,
          summary.inputs === 'given'
            ? `${samples ?? '?'} samples that were given`
            : `${samples ?? '?'} random samples, seed ${seed ?? '?'}`,
          kernels[0] === kernels[1] ? `${kernels[0]} kernels` : `kernels ${kernels[0]} against ${kernels[1]}`,
          `${compared ?? '?'} of ${operators ?? '?'} operators compared`,
          equal === '0' ? '' : `${equal ?? '?'} equal`,
          ...outputs(summary.outputs),
          ...cuts(summary),
        ];
  return (
    <p class="muted">
      <ProvenanceMark provenance="measured" /> {parts.filter((part) => part !== '').join(' · ')}
    </p>
  );
}

/** What a result of many operators does not hold of each. */
function cuts({ points_each: points, without_channels: without }: Report['summary']): string[] {
  const parts = [];
  if (typeof points === 'number' && points < MOST_POINTS)
    parts.push(`at most ${points} values of an operator`);
  if (typeof without === 'number' && without > 0)
    parts.push(`${formatExact(without)} operators without figures by channel`);
  return parts;
}

/** How good what the model gives out is. */
function outputs(told: unknown): string[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, 4).map((output: { name?: unknown; sqnr_db?: unknown; equal?: unknown }) => {
    const name = `output ${String(output.name)}`;
    if (output.equal === true) return `${name} equal`;
    return typeof output.sqnr_db === 'number'
      ? `${name} ${output.sqnr_db.toFixed(1)} dB`
      : `${name} not known`;
  });
}
