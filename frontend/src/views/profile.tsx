/** Where the time goes: one run of the model in full, others beside it. Loaded when it is first opened. */
import { useSignal } from '@preact/signals';
import type { Running } from '../host/runs.ts';
import type { Profile } from '../profile/profile.ts';
import { workOf } from '../profile/profile.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { CompareView } from './profile-compare.tsx';
import { GroupTable, LayerTable, PartitionView } from './profile-groups.tsx';
import { JobState, RunForm } from './profile-run.tsx';
import { LatencyCharts } from './profile-latency.tsx';
import { OperatorTable } from './profile-table.tsx';
import { RooflineView } from './profile-roofline.tsx';
import { RunPicker } from './profile-picker.tsx';
import { RunSummary, TimeBar } from './profile-summary.tsx';
import { TimelineView } from './profile-timeline.tsx';
import { byType } from '../profile/rows.ts';

export function ProfileView({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { runs } = store;
  const running = store.listing.value?.running ?? null;
  const runnable = running?.allowed === true ? running : null;
  const isAsking = useSignal(false);
  const profile = runs.profiles.value.get(runs.shown.value[0] ?? '') ?? null;
  const hasNone = runs.entries.value !== null && runs.shown.value.length === 0;
  return (
    <main class="profile">
      <header class="profile-head">
        <h1>Profile</h1>
        <RunPicker />
        <span class="spacer" />
        {runnable !== null && !hasNone && runs.job.value === null && (
          <button
            type="button"
            aria-expanded={isAsking.value}
            onClick={() => (isAsking.value = !isAsking.value)}
          >
            Run …
          </button>
        )}
      </header>
      {runs.failure.value !== null && (
        <p class="notice error" role="alert">
          The runs of this model could not be read: {runs.failure.value}
        </p>
      )}
      {runs.job.value !== null && <JobState job={runs.job.value} />}
      {isAsking.value && runnable !== null && runs.job.value === null && !hasNone && (
        <RunForm loaded={loaded} running={runnable} onStart={() => (isAsking.value = false)} />
      )}
      {hasNone && runs.job.value === null && <NoProfile loaded={loaded} running={running} />}
      {hasNone && runs.partition.value !== null && <PartitionView loaded={loaded} profile={null} />}
      {profile !== null && <ProfileBody loaded={loaded} profile={profile} />}
    </main>
  );
}

function NoProfile({ loaded, running }: { loaded: Loaded; running: Running | null }) {
  const store = useStore();
  const name = store.entry.value?.name ?? 'model.tflite';
  return (
    <section class="card">
      <h2>This model has not been profiled yet</h2>
      <p>
        A profile says what an inference takes on a machine: start-up, steady state, and the time of every
        operator as the runtime executes it, with its delegates.
      </p>
      {running?.allowed === true ? (
        <RunForm loaded={loaded} running={running} onStart={() => undefined} />
      ) : (
        <>
          <p>
            It cannot be run from here: {running === null ? 'the server does not say why' : running.reason}.
          </p>
          <p>From a shell, and then logged beside the model, or put into a report of one file:</p>
          <pre>{`tflite-viz profile ${name} --logdir logs/run1
tflite-viz profile ${name} -o trace.json`}</pre>
        </>
      )}
    </section>
  );
}

const SECTIONS = ['Operators', 'Types', 'Layers', 'Partitions', 'Timeline', 'Roofline', 'Compare'] as const;

function ProfileBody({ loaded, profile }: { loaded: Loaded; profile: Profile }) {
  const { runs } = useStore();
  const section = useSignal<(typeof SECTIONS)[number]>('Operators');
  const work = workOf(runs.compute.value, loaded.model.operatorCount);
  return (
    <>
      <RunSummary profile={profile} />
      <LatencyCharts profile={profile} />
      <section class="card">
        <TimeBar profile={profile} />
        <div class="section-tabs" role="tablist" aria-label="Ways to see the time">
          {SECTIONS.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={section.value === name}
              onClick={() => (section.value = name)}
            >
              {name}
            </button>
          ))}
        </div>
        <div role="tabpanel" aria-label={section.value}>
          {section.value === 'Operators' && <OperatorTable loaded={loaded} profile={profile} work={work} />}
          {section.value === 'Types' && (
            <GroupTable heading="Operator type" name="types" rows={byType(profile, loaded.model)} />
          )}
          {section.value === 'Layers' && <LayerTable loaded={loaded} profile={profile} />}
          {section.value === 'Partitions' && <PartitionView loaded={loaded} profile={profile} />}
          {section.value === 'Timeline' && <TimelineView loaded={loaded} profile={profile} />}
          {section.value === 'Roofline' && <RooflineView loaded={loaded} profile={profile} work={work} />}
          {section.value === 'Compare' && <CompareView loaded={loaded} />}
        </div>
      </section>
    </>
  );
}
