/** How much memory the tensors of a run need, when, and where in the arena. Loaded when it is first opened. */
import { useEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import { formatBytes, formatExact } from '../lib/format.ts';
import { REPORTS, type MemorySummary, type PeakBuffer, type Planner, type WhatIf } from '../memory/plan.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';
import { ArenaChart, TimelineChart } from './memory-charts.tsx';
import { ProvenanceMark } from './provenance.tsx';

const PLANNERS: Record<Planner, string> = { litert: 'LiteRT', micro: 'TensorFlow Lite Micro' };

export function MemoryView({ loaded }: { loaded: Loaded }) {
  const planner = useSignal<Planner>('litert');
  const { reports } = loaded;
  const names = REPORTS[planner.value];
  const ask = (): void => {
    for (const name of REPORTS[planner.value]) reports.ask(name).catch(() => undefined);
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- asks for what is not there yet
  useEffect(ask, [planner.value]);
  const [operators, tensors] = names.map((name) => reports.states.value.get(name));
  const error = operators?.error ?? tensors?.error ?? null;
  return (
    <main class="profile memory">
      <header class="profile-head">
        <h1>Memory</h1>
        <div class="section-tabs" role="tablist" aria-label="Planner">
          {(Object.keys(PLANNERS) as Planner[]).map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={planner.value === name}
              onClick={() => (planner.value = name)}
            >
              {PLANNERS[name]}
            </button>
          ))}
        </div>
      </header>
      {error !== null && (
        <p class="notice error" role="alert">
          The memory of this model could not be planned: {error}{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      )}
      {error === null && (operators?.report == null || tensors?.report == null) && (
        <p class="muted">planning the arena …</p>
      )}
      {operators?.report != null && tensors?.report != null && (
        <Body
          key={planner.value}
          loaded={loaded}
          planner={planner.value}
          operators={operators.report}
          tensors={tensors.report}
        />
      )}
    </main>
  );
}

interface BodyProps {
  loaded: Loaded;
  planner: Planner;
  operators: Report;
  tensors: Report;
}

function Body({ loaded, planner, operators, tensors }: BodyProps) {
  const summary = operators.summary as unknown as MemorySummary;
  const arena = useSignal(0);
  return (
    <>
      <section class="card">
        <Figures summary={summary} />
        <p class="muted">
          <ProvenanceMark provenance="simulated" /> {summary.rules}
        </p>
        {operators.findings.map(({ severity, code, message }) => (
          <p key={code} class={`notice ${severity}`}>
            {message}
          </p>
        ))}
      </section>
      <section class="card">
        {planner === 'litert' && summary.arenas.length > 1 && (
          <ArenaPicker summary={summary} arena={arena} names={loaded.model.subgraphNames} />
        )}
        <TimelineChart loaded={loaded} planner={planner} arena={arena.value} report={operators} />
        <ArenaChart loaded={loaded} planner={planner} arena={arena.value} report={tensors} />
      </section>
      <section class="card side-by-side">
        <Peak loaded={loaded} summary={summary} />
        <WhatIfs summary={summary} />
      </section>
    </>
  );
}

function Figures({ summary }: { summary: MemorySummary }) {
  const known = (bytes: number | null): string => (bytes === null ? 'not known' : formatBytes(bytes));
  const facts: [name: string, bytes: number | null, explain: string][] = [
    ['arena', summary.arena_bytes, 'Size of the arena as planned'],
    ['peak', summary.peak_live_bytes, 'The most that is kept at one time: no planner can do with less'],
    ['lost in gaps', summary.fragmentation_bytes, 'The arena without the peak'],
    ['without reuse', summary.no_reuse_bytes, 'If no tensor took the place of another'],
    ['persistent', summary.persistent_bytes, 'Never reused: variables and what is unpacked once'],
    ['weights', summary.weight_bytes, 'Stored bytes of the parameters, beside the arena'],
  ];
  return (
    <dl class="figures">
      {facts.map(([name, bytes, explain]) => (
        <div key={name} title={bytes === null ? explain : `${explain}: ${formatExact(bytes)} bytes`}>
          <dd>{known(bytes)}</dd>
          <dt>{name}</dt>
        </div>
      ))}
    </dl>
  );
}

interface ArenaPickerProps {
  summary: MemorySummary;
  arena: Signal<number>;
  names: string[];
}

function ArenaPicker({ summary, arena, names }: ArenaPickerProps) {
  return (
    <p>
      <label>
        Arena of{' '}
        <select value={arena.value} onChange={(event) => (arena.value = Number(event.currentTarget.value))}>
          {summary.arenas.map((one, place) => (
            <option key={place} value={place}>
              {names[place] || `subgraph ${place}`} (
              {one.arena_bytes === null ? 'not known' : formatBytes(one.arena_bytes)})
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function Peak({ loaded: { model }, summary }: { loaded: Loaded; summary: MemorySummary }) {
  const store = useStore();
  const at = summary.peak_operator;
  const select = ({ tensor, operator }: PeakBuffer): void => {
    if (tensor !== null) store.select([{ kind: 'tensor', id: tensor }]);
    else if (operator !== null) store.select([{ kind: 'operator', id: operator }]);
  };
  return (
    <div>
      <h2>What sets the peak</h2>
      {at === null ? (
        <p class="muted">Nothing is kept in the arena.</p>
      ) : (
        <p>
          while{' '}
          <button type="button" class="plain link" onClick={() => store.selectMany([at])}>
            {operatorTypeName(model, at)} {at}
          </button>{' '}
          <span class="muted">{operatorName(model, at)}</span> runs
        </p>
      )}
      <table>
        <tbody>
          {summary.peak_buffers.slice(0, 12).map((buffer) => (
            <tr key={`${buffer.tensor}.${buffer.operator}.${buffer.offset}`}>
              <td class="number">{formatBytes(buffer.bytes)}</td>
              <td class="peak-name">
                <button type="button" class="plain link" title={buffer.name} onClick={() => select(buffer)}>
                  {buffer.name || 'scratch memory'}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const WHAT_IFS: Record<string, string> = {
  no_in_place: 'no operator wrote over its input',
  in_place: 'operators wrote over their inputs where LiteRT’s do',
  batch_1: 'the batch had one item',
  without_largest: 'the largest buffer at the peak were not there',
};

function WhatIfs({ summary }: { summary: MemorySummary }) {
  const rows = Object.entries(summary.what_if).filter((pair): pair is [string, WhatIf] => pair[1] !== null);
  const change = (bytes: number | null): string => {
    if (bytes === null || summary.arena_bytes === null) return '';
    const share = summary.arena_bytes === 0 ? 0 : bytes / summary.arena_bytes - 1;
    return `${share > 0 ? '+' : share < 0 ? '−' : '±'}${Math.abs(100 * share).toFixed(0)} %`;
  };
  return (
    <div>
      <h2>What if</h2>
      {rows.length === 0 && <p class="muted">Nothing to change is known.</p>}
      <table>
        <tbody>
          {rows.map(([name, { arena_bytes: bytes }]) => (
            <tr key={name}>
              <td>{WHAT_IFS[name] ?? name}</td>
              <td class="number">{bytes === null ? 'not known' : formatBytes(bytes)}</td>
              <td class="number muted">{change(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
