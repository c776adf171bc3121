/** What a delegate was measured to take, beside what was foretold, and how to have it measured. */
import { measuredOf, type Matrix, type Measured } from '../delegates/verdicts.ts';
import { formatExact } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { decodeReport } from '../wire/report.ts';
import { useStore } from './context.ts';
import { ProvenanceMark } from './provenance.tsx';
import { useLatest } from './remote.ts';

interface MeasuredProps {
  loaded: Loaded;
  matrix: Matrix;
  /** Of the delegate in the matrix. */
  place: number;
}

/** The newest run that asked this delegate. */
export function DelegateMeasured({ loaded, matrix, place }: MeasuredProps) {
  const { source, runs } = useStore();
  const { delegate } = matrix.delegates[place];
  const newest = (runs.entries.value ?? []).findLast(
    (entry) => entry.kind === 'partition' && entry.delegate === delegate,
  );
  const remote = useLatest(newest?.id ?? '', async () =>
    newest === undefined ? null : decodeReport(await source.runReport(loaded.id, newest.id)),
  );
  const { value: report, error } = remote.value;
  const found = measuredOf(report, matrix, place);
  return (
    <div class="measured-beside">
      {error !== null && (
        <p class="notice error" role="alert">
          What was measured cannot be shown: {error}
        </p>
      )}
      {newest !== undefined && report === null && error === null && (
        <p class="muted">reading what was measured …</p>
      )}
      {newest !== undefined && report !== null && found === null && (
        <p class="notice warning">
          <ProvenanceMark provenance="measured" /> When it was measured, the delegate failed:{' '}
          {report.findings.at(0)?.message ?? 'it did not say why'}
        </p>
      )}
      {found !== null && <Beside found={found} />}
      <Measure delegate={delegate} />
    </div>
  );
}

function Beside({ found }: { found: Measured }) {
  const store = useStore();
  const { runtime, delegated, partitions, foretold, onlyMeasured, onlyForetold } = found;
  const difference = (operators: number[], text: string) =>
    operators.length > 0 && (
      <p class="notice warning">
        {formatExact(operators.length)} {text}{' '}
        <button type="button" class="plain link" onClick={() => store.selectMany(operators)}>
          Select
        </button>
      </p>
    );
  return (
    <>
      <p>
        <ProvenanceMark provenance="measured" /> measured with {runtime}: {formatExact(delegated)} operators
        in {formatExact(partitions)} partition{partitions === 1 ? '' : 's'}
        {onlyMeasured.length + onlyForetold.length === 0 && ', the same operators as foretold'}
      </p>
      {difference(onlyMeasured, 'were taken, though foretold to stay')}
      {difference(onlyForetold, 'stayed behind, though foretold to be taken')}
      {partitions !== foretold && (
        <p class="notice warning">
          Foretold were {formatExact(foretold)} partition{foretold === 1 ? '' : 's'}
        </p>
      )}
    </>
  );
}

/** Asks the delegate itself, where this server may run models and has it. */
function Measure({ delegate }: { delegate: string }) {
  const { runs, listing } = useStore();
  const running = listing.value?.running;
  const job = runs.job.value;
  const request = runs.request.value;
  const isMine = request?.kind === 'partition' && request.options.delegate === delegate;
  const isOpen = job?.state === 'waiting' || job?.state === 'running';
  if (running?.allowed !== true || !running.delegates.includes(delegate)) return null;
  return (
    <p>
      <button
        type="button"
        disabled={isOpen}
        title="Loads the model with the delegate, in a process of its own, and reads back what it took"
        onClick={() => void runs.start({ kind: 'partition', options: { delegate } })}
      >
        Measure what it takes
      </button>
      {isOpen && (
        <span class="muted" role="status">
          {' '}
          {job.title}: {job.phase || job.state} …
        </span>
      )}
      {isMine && job?.state === 'failed' && (
        <span class="error-text" role="alert">
          {' '}
          {job.error?.message ?? 'it failed'}
        </span>
      )}
    </p>
  );
}
