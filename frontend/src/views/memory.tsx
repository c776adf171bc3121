/** How much memory a run needs, when, and for what. Loaded when it is first opened. */
import { useEffect, useMemo } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import { planOf } from '../memory/plan.ts';
import type { Loaded } from '../state/store.ts';
import type { Report } from '../wire/report.ts';
import { MemoryChart } from './memory-chart.tsx';
import { MemorySummary, WhatIf, type Summary } from './memory-summary.tsx';

const PLANNERS = [
  { name: 'LiteRT', reports: ['memory', 'memory_buffers'] },
  { name: 'LiteRT Micro', reports: ['memory_micro', 'memory_micro_buffers'] },
] as const;

export function MemoryView({ loaded }: { loaded: Loaded }) {
  const { reports } = loaded;
  const planner = useSignal(0);
  const names = PLANNERS[planner.value].reports;
  const ask = (): void => {
    for (const name of names) reports.ask(name).catch(() => undefined);
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once per planner
  useEffect(ask, [planner.value]);
  const [figures, buffers] = names.map((name) => reports.states.value.get(name));
  const error = figures?.error ?? buffers?.error ?? null;
  return (
    <main class="profile memory">
      <header class="profile-head">
        <h1>Memory</h1>
        <PlannerSwitch planner={planner} />
      </header>
      {error !== null && (
        <p class="notice error" role="alert">
          The memory of this model could not be planned: {error}{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      )}
      {error === null && (figures?.report == null || buffers?.report == null) && (
        <p class="muted">planning …</p>
      )}
      {figures?.report != null && buffers?.report != null && (
        <Body key={planner.value} loaded={loaded} figures={figures.report} buffers={buffers.report} />
      )}
    </main>
  );
}

function PlannerSwitch({ planner }: { planner: Signal<number> }) {
  return (
    <div class="section-tabs" role="tablist" aria-label="Planner">
      {PLANNERS.map(({ name }, i) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={planner.value === i}
          onClick={() => (planner.value = i)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function Body({ loaded, figures, buffers }: { loaded: Loaded; figures: Report; buffers: Report }) {
  const arena = useSignal(0);
  const summary = figures.summary as unknown as Summary;
  const plan = useMemo(() => planOf(buffers), [buffers]);
  if (summary.arenas.length === 0) return <p class="muted">The model has no subgraph: nothing is planned.</p>;
  return (
    <>
      <section class="card">
        <MemorySummary loaded={loaded} summary={summary} arena={arena} findings={figures.findings} />
      </section>
      <section class="card">
        <MemoryChart
          key={arena.value}
          loaded={loaded}
          plan={plan}
          arena={arena.value}
          figures={summary.arenas[arena.value]}
        />
      </section>
      {Object.keys(summary.what_if).length > 0 && (
        <section class="card">
          <WhatIf loaded={loaded} summary={summary} />
        </section>
      )}
    </>
  );
}
