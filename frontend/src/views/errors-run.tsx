/** What a model is compared with, on how many inputs. */
import { useSignal, type Signal } from '@preact/signals';
import type { Runnable } from '../host/runs.ts';
import { likelyReference } from '../quantization/errors.ts';
import { useStore } from './context.ts';
import { KERNEL_TITLES } from './profile-run.tsx';

/** The choice that stands for the model itself. */
const ITSELF = '';

interface ErrorFormProps {
  running: Runnable;
  onStart: () => void;
}

export function ErrorForm({ running, onStart }: ErrorFormProps) {
  const store = useStore();
  const entry = store.entry.value;
  const others = (store.listing.value?.models ?? []).filter(
    ({ id, sha256, error }) =>
      error === null && id !== entry?.id && (sha256 === null || sha256 !== entry?.sha256),
  );
  const likely = entry === null ? ITSELF : (likelyReference(others, entry)?.id ?? ITSELF);
  const reference = useSignal(likely);
  const kernels = useSignal('builtin');
  const theirs = useSignal(likely === ITSELF ? 'reference' : 'builtin');
  const samples = useSignal(8);
  const seed = useSignal(0);
  const isItself = reference.value === ITSELF;
  const isSame = isItself && kernels.value === theirs.value;
  return (
    <form
      class="error-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSame) return;
        onStart();
        void store.runs.start({
          kind: 'layer_error',
          options: {
            reference: isItself ? null : reference.value,
            kernels: kernels.value,
            reference_kernels: theirs.value,
            samples: samples.value,
            seed: seed.value,
          },
        });
      }}
    >
      <label title="The model that this one is held against; those that the server shows can be chosen">
        <span>Reference</span>
        <select
          class="reference"
          aria-label="Reference"
          value={reference.value}
          onChange={(event) => {
            reference.value = event.currentTarget.value;
            if (reference.value === ITSELF && kernels.value === theirs.value)
              theirs.value = running.error_kernels.find((name) => name !== kernels.value) ?? theirs.value;
          }}
        >
          <option value={ITSELF}>this model, with other kernels</option>
          {others.map(({ id, label, run }) => (
            <option key={id} value={id}>
              {run === '.' || label.startsWith(run) ? label : `${run}/${label}`}
            </option>
          ))}
        </select>
      </label>
      <Kernels name="Kernels" of={running} value={kernels} />
      <Kernels name="Kernels of the reference" of={running} value={theirs} />
      <Count
        name="Samples"
        title={`Random inputs that both are run on, at most ${running.samples}`}
        least={1}
        most={running.samples}
        value={samples}
      />
      <Count
        name="Seed"
        title="Of the random inputs: the same seed gives the same ones"
        least={0}
        most={running.seed}
        value={seed}
      />
      <button type="submit" class="primary" disabled={isSame}>
        Run comparison
      </button>
      <p class="muted">
        {isSame
          ? 'A model against itself needs other kernels on the other side.'
          : 'Both are run on this machine, in a process of its own with limits. Random inputs are not what the model was trained for: with data of your own, run the command line and log the result.'}
      </p>
    </form>
  );
}

interface KernelsProps {
  name: string;
  of: Runnable;
  value: Signal<string>;
}

function Kernels({ name, of, value }: KernelsProps) {
  return (
    <label title={KERNEL_TITLES[value.value]}>
      <span>{name}</span>
      <select
        aria-label={name}
        value={value.value}
        onChange={(event) => (value.value = event.currentTarget.value)}
      >
        {of.error_kernels.map((kernels) => (
          <option key={kernels} value={kernels}>
            {kernels}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CountProps {
  name: string;
  title: string;
  least: number;
  most: number;
  value: Signal<number>;
}

function Count({ name, title, least, most, value }: CountProps) {
  return (
    <label title={title}>
      <span>{name}</span>
      <input
        type="number"
        min={least}
        max={most}
        required
        value={value.value}
        onInput={(event) => (value.value = Number(event.currentTarget.value))}
      />
    </label>
  );
}
