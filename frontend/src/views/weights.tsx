/** What the weights are like: where their bytes are, how far they could be packed, and every tensor's values. */
import { useEffect } from 'preact/hooks';
import { formatBytes, formatCount, formatExact, formatPercent } from '../lib/format.ts';
import type { Asked } from '../state/reports.ts';
import type { Loaded } from '../state/store.ts';
import { quantity, weightRows, type WeightRow } from '../weights/rows.ts';
import { rowOf } from '../wire/csr.ts';
import type { Finding } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { FailureState, LoadingState } from './states.tsx';
import { WeightTable } from './weights-table.tsx';
import { Treemap } from './weights-treemap.tsx';
import { TensorViewer } from './weights-viewer.tsx';

const REPORTS = ['weights', 'sparsity', 'sparsity_tensors'];

export function WeightsView({ loaded }: { loaded: Loaded }) {
  const ask = (): void => {
    // Those that fail are told by their state.
    void Promise.allSettled(REPORTS.map((name) => loaded.reports.ask(name)));
  };
  useEffect(ask, [loaded]);
  const [{ report, error }, zeros, places] = REPORTS.map(
    (name) => loaded.reports.states.value.get(name) ?? { report: null, error: null },
  );
  if (error !== null)
    return (
      <FailureState
        failure={{ title: 'The weights could not be looked at', reason: error, details: [] }}
        onRetry={ask}
      />
    );
  if (report === null) return <LoadingState phase="looking at the weights" />;
  const rows = weightRows(loaded.model, loaded.hierarchy, report);
  return (
    <main class="weights">
      <header>
        <h1>Weights</h1>
      </header>
      {rows.length === 0 ? (
        <p class="muted">No operator of this model reads constants of more than one element.</p>
      ) : (
        <Body loaded={loaded} report={report} zeros={zeros} places={places} rows={rows} />
      )}
    </main>
  );
}

interface BodyProps {
  loaded: Loaded;
  report: Report;
  /** What becomes of zeros, by operator; and where they lie, by tensor. */
  zeros: Asked;
  places: Asked;
  rows: WeightRow[];
}

function Body({ loaded, report, zeros, places, rows }: BodyProps) {
  const tensor = useShown(loaded, rows);
  return (
    <>
      <Totals report={report} />
      <Findings findings={[...report.findings, ...(zeros.report?.findings ?? [])]} />
      {[zeros, places].map(
        ({ error }, place) =>
          error !== null && (
            <p key={place} class="error-text">
              The zeros could not be looked at: {error}
            </p>
          ),
      )}
      <section class="card">
        <Treemap
          loaded={loaded}
          rows={rows}
          bytes={quantity(report, 'stored_bytes')?.values ?? new Float64Array(0)}
        />
      </section>
      <section class="card">
        <TensorViewer key={tensor} loaded={loaded} tensor={tensor} />
      </section>
      <section class="card">
        <WeightTable loaded={loaded} report={report} places={places.report} rows={rows} shown={tensor} />
      </section>
    </>
  );
}

/** The tensor to be looked into: the selected one, the largest that the selected operator reads, or the largest of all. */
function useShown({ model }: Loaded, rows: WeightRow[]): number {
  const item = useStore().primary.value;
  if (item?.kind === 'tensor' && model.constantBytes[item.id] > 0) return item.id;
  if (item?.kind === 'operator') {
    const inputs = rowOf(model.inputs, item.id);
    const found = rows.find(({ tensor, operator }) => operator === item.id || inputs.includes(tensor));
    if (found !== undefined) return found.tensor;
  }
  return rows[0].tensor;
}

function Totals({ report }: { report: Report }) {
  const of = (name: string): number => Number(report.summary[name] ?? NaN);
  const figures: [name: string, value: string, explain: string][] = [
    ['stored', formatBytes(of('stored_bytes')), 'Bytes in the file, of tensors that share a buffer once'],
    [
      'elements',
      formatCount(of('elements')),
      `${formatExact(of('elements'))}, those left out as zeros included`,
    ],
    ['tensors', formatExact(of('tensors')), 'Constants of more than one element that operators read'],
    ['zeros', formatPercent(of('zeros') / of('elements')), 'Share of elements that stand for 0'],
    [
      'deflated',
      formatBytes(of('deflated_bytes')),
      'Size if every tensor were compressed with deflate; of larger ones estimated from a part',
    ],
    ['copies', formatBytes(of('copied_bytes')), 'Bytes that are in another buffer once more'],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, explain]) => (
        <div key={name} title={explain}>
          <dd>{value}</dd>
          <dt>{name}</dt>
        </div>
      ))}
    </dl>
  );
}

function Findings({ findings }: { findings: Finding[] }) {
  const store = useStore();
  if (findings.length === 0) return null;
  return (
    <ul class="findings">
      {findings.map(({ code, severity, message, operators }) => (
        <li key={code + message} class={severity}>
          {severity !== 'note' && <b>{severity} </b>}
          {message} <code>{code}</code>{' '}
          {operators.length > 0 && (
            <button type="button" class="link" onClick={() => store.selectMany(operators)}>
              {operators.length} operator{operators.length === 1 ? '' : 's'}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
