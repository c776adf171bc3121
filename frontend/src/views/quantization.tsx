/** In which numbers a model computes, and whether that is sane. Loaded when it is first opened. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { constantOf, modesOf, tensorRows } from '../quantization/quantization.ts';
import type { Loaded } from '../state/store.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { ErrorSection } from './errors.tsx';
import { TensorChannelsView } from './quantization-channels.tsx';
import { FindingList } from './quantization-findings.tsx';
import { ModeStrip, ModeTable } from './quantization-modes.tsx';
import { ParameterTable, WeightTable } from './quantization-table.tsx';

export function QuantizationView({ loaded }: { loaded: Loaded }) {
  const { reports } = loaded;
  const ask = (): void => {
    for (const name of ['quantization', 'quantization_tensors']) reports.ask(name).catch(() => undefined);
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once per mount
  useEffect(ask, []);
  const [operators, tensors] = ['quantization', 'quantization_tensors'].map((name) =>
    reports.states.value.get(name),
  );
  const error = operators?.error ?? tensors?.error ?? null;
  return (
    <main class="profile quantization">
      <header class="profile-head">
        <h1>Quantization</h1>
      </header>
      {error !== null && (
        <p class="notice error" role="alert">
          The quantization of this model could not be read: {error}{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      )}
      {error === null && (operators?.report == null || tensors?.report == null) && (
        <p class="muted">reading parameters and weights …</p>
      )}
      {operators?.report != null && tensors?.report != null && (
        <Body loaded={loaded} operators={operators.report} tensors={tensors.report} />
      )}
    </main>
  );
}

const SECTIONS = ['Weights', 'Activations', 'Error'] as const;
type Section = (typeof SECTIONS)[number];

function Body({ loaded, operators, tensors }: { loaded: Loaded; operators: Report; tensors: Report }) {
  const found = modesOf(operators);
  const { constants, others } = tensorRows(tensors, loaded.model);
  const isQuantized = constants.length + others.length > 0;
  const { runs } = useStore();
  const tensorsShown = useSignal<Exclude<Section, 'Error'>>('Weights');
  const section: Section = runs.errorsOpen.value || !isQuantized ? 'Error' : tensorsShown.value;
  const shown = useShownTensor(loaded, new Set(constants.map(({ tensor }) => tensor)));
  const counts: Partial<Record<Section, number>> = { Weights: constants.length, Activations: others.length };
  return (
    <>
      <section class="card">
        <ModeStrip loaded={loaded} found={found} findings={operators.findings} />
        <ModeTable modes={found.modes} />
      </section>
      <section class="card">
        <h2>Findings</h2>
        <FindingList findings={operators.findings} isQuantized={isQuantized} />
      </section>
      <section class="card">
        <div
          class="section-tabs"
          role="tablist"
          aria-label="Tensors with quantization parameters, and errors"
        >
          {SECTIONS.filter((name) => isQuantized || name === 'Error').map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={section === name}
              onClick={() => {
                if (name !== 'Error') tensorsShown.value = name;
                runs.openErrors(name === 'Error');
              }}
            >
              {name} <span class="muted">{counts[name]}</span>
            </button>
          ))}
        </div>
        <div role="tabpanel" aria-label={section}>
          {section === 'Weights' && (
            <>
              {shown !== null && <TensorChannelsView key={shown} loaded={loaded} tensor={shown} />}
              <WeightTable loaded={loaded} rows={constants} shown={shown} />
            </>
          )}
          {section === 'Activations' && <ParameterTable loaded={loaded} rows={others} />}
          {section === 'Error' && <ErrorSection loaded={loaded} />}
        </div>
      </section>
    </>
  );
}

/** The quantized constant that the selection is about: itself, or what the selected operator reads. */
function useShownTensor({ model }: Loaded, constants: ReadonlySet<number>): number | null {
  const { primary } = useStore();
  const item = primary.value;
  if (item?.kind === 'tensor') return constants.has(item.id) ? item.id : null;
  if (item?.kind !== 'operator') return null;
  const constant = constantOf(model, constants, item.id);
  return constant < 0 ? null : constant;
}
