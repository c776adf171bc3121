/** Runnable a model from the page: what is asked for, how far it is, and how it ended. */
import { useSignal } from '@preact/signals';
import type { Job, Runnable } from '../host/runs.ts';
import type { Loaded } from '../state/store.ts';
import { rowOf } from '../wire/csr.ts';
import { openInputs, parseShape, shapeText } from '../profile/shapes.ts';
import { useStore } from './context.ts';

/** What the names of kernels mean. */
export const KERNEL_TITLES: Partial<Record<string, string>> = {
  xnnpack: 'XNNPACK, as an app gets it by default',
  builtin: 'the runtime’s own optimized kernels',
  reference: 'reference kernels: exact and slow',
  gpu: 'the GPU, where there is one',
};

interface RunFormProps {
  loaded: Loaded;
  running: Runnable;
  onStart: () => void;
}

export function RunForm({ loaded, running, onStart }: RunFormProps) {
  const { runs } = useStore();
  const { model } = loaded;
  const kernels = useSignal(running.kernels[0]);
  const threads = useSignal(1);
  const count = useSignal('');
  const signature = useSignal(model.signatures.at(0)?.key ?? null);
  const shapes = useSignal<Partial<Record<string, string>>>({});
  const delegate = useSignal(running.delegates[0]);
  const problem = useSignal<string | null>(null);
  const open = openInputs(model, signature.value);
  const run = (): void => {
    const wanted: Record<string, number[]> = {};
    for (const { name, shape } of open) {
      const parsed = parseShape(shapes.value[name] ?? shapeText(shape));
      if (parsed?.length !== shape.length) {
        problem.value = `${name} needs ${shape.length} dimensions, such as ${shapeText(shape)}`;
        return;
      }
      wanted[name] = parsed;
    }
    problem.value = null;
    onStart();
    void runs.start({
      kind: 'profile',
      options: {
        kernels: kernels.value,
        threads: threads.value,
        runs: count.value === '' ? null : Number(count.value),
        signature: signature.value,
        shapes: wanted,
      },
    });
  };
  return (
    <div class="run-form">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <label title={KERNEL_TITLES[kernels.value]}>
          <span>Kernels</span>
          <select value={kernels.value} onChange={(event) => (kernels.value = event.currentTarget.value)}>
            {running.kernels.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label title={`Threads that the kernels may use; this server may use ${running.threads} processors`}>
          <span>Threads</span>
          <input
            type="number"
            min="1"
            max={running.threads}
            required
            value={threads.value}
            onInput={(event) => (threads.value = Number(event.currentTarget.value))}
          />
        </label>
        <label title="Inferences that are timed; empty: until the times of all operators have settled, at most 5 s">
          <span>Runs</span>
          <input
            type="number"
            min="1"
            max={running.runs}
            placeholder="until settled"
            value={count.value}
            onInput={(event) => (count.value = event.currentTarget.value)}
          />
        </label>
        {model.signatures.length > 1 && (
          <label title="The entry point that is run">
            <span>Signature</span>
            <select
              value={signature.value ?? ''}
              onChange={(event) => (signature.value = event.currentTarget.value)}
            >
              {model.signatures.map(({ key }) => (
                <option key={key} value={key}>
                  {key}
                </option>
              ))}
            </select>
          </label>
        )}
        {open.map(({ name, shape }) => (
          <label key={name} title="This input has no fixed shape">
            <span>Shape of {name}</span>
            <input
              type="text"
              value={shapes.value[name] ?? shapeText(shape)}
              onInput={(event) => (shapes.value = { ...shapes.value, [name]: event.currentTarget.value })}
            />
          </label>
        ))}
        <button type="submit" class="primary">
          Run profile
        </button>
      </form>
      {problem.value !== null && (
        <p class="error-text" role="alert">
          {problem.value}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onStart();
          void runs.start({ kind: 'partition', options: { delegate: delegate.value } });
        }}
      >
        <label title="Which operators a delegate takes when the model is compiled for it">
          <span>Delegate</span>
          <select value={delegate.value} onChange={(event) => (delegate.value = event.currentTarget.value)}>
            {running.delegates.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Measure its partition</button>
      </form>
      <p class="muted">
        The model is run on this machine, in a process of its own with limits, on random inputs.
        {rowOf(model.subgraphInputs, 0).length === 0 && ' It has no inputs.'}
      </p>
    </div>
  );
}

export function JobState({ job }: { job: Job }) {
  const { runs } = useStore();
  if (job.state === 'failed' || job.state === 'cancelled') return <JobEnd job={job} />;
  const isKnown = job.total > 0;
  return (
    <section class="card job" aria-busy="true">
      <p role="status">
        <b>{job.title}</b>{' '}
        <span class="muted">
          {job.state === 'waiting' && job.ahead > 0
            ? `waits for ${job.ahead} job${job.ahead === 1 ? '' : 's'} before it`
            : phaseText(job)}
        </span>
      </p>
      <progress
        aria-label={job.phase}
        max={isKnown ? job.total : undefined}
        value={isKnown ? job.done : undefined}
      />
      <span class="muted number">{job.seconds.toFixed(0)} s</span>
      <button type="button" onClick={() => void runs.cancel()}>
        Cancel
      </button>
    </section>
  );
}

function phaseText({ phase, done, total }: Job): string {
  if (total > 0) return `${phase}, ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  return done > 0 ? `${phase}, ${done.toLocaleString('en')} so far` : phase;
}

/** What happened, by the name of the error; the message says the rest. */
const ENDS: Partial<Record<string, string>> = {
  RuntimeCrash: 'The runtime crashed on this model',
  RuntimeRefused: 'The runtime refuses this model',
  RuntimeTimeout: 'The run took too long and was stopped',
  RuntimeLimit: 'The model wanted more than it may use',
  RuntimeMissing: 'What is needed to run it is not installed',
  InputError: 'What was asked for does not fit the model',
  Refused: 'The run could not be started',
  Lost: 'The server no longer answers for this run',
};

function JobEnd({ job }: { job: Job }) {
  const { runs } = useStore();
  const { error } = job;
  if (error === null)
    return (
      <section class="card job">
        <p role="status">
          <b>{job.title}</b> <span class="muted">was cancelled in {job.phase}</span>
        </p>
        <button type="button" onClick={() => runs.dismiss()}>
          Close
        </button>
      </section>
    );
  return (
    <section class="card notice error" role="alert">
      <h2>{ENDS[error.kind] ?? 'The run failed'}</h2>
      <p class="wrap">{error.message}</p>
      {error.kind === 'RuntimeCrash' && (
        <p class="muted">Only the process that ran the model has ended; this server goes on.</p>
      )}
      {error.log.trim() !== '' && (
        <details>
          <summary>What the runtime printed</summary>
          <pre class="log">{error.log}</pre>
        </details>
      )}
      <button type="button" onClick={() => runs.dismiss()}>
        Change the options
      </button>
    </section>
  );
}
