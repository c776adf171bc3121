/** What ran where, how long starting takes, and whose the time of an inference is. */
import { categoryColors } from '../lens/colors.ts';
import { formatBytes, formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import type { Profile } from '../profile/profile.ts';
import { spreadOf } from '../profile/statistics.ts';
import { useStore } from './context.ts';
import { ProvenanceMark } from './provenance.tsx';
import { timeText } from './profile-picker.tsx';

export function RunSummary({ profile }: { profile: Profile }) {
  const { trace, report } = profile;
  const findings = report.findings.filter(({ severity }) => severity !== 'note');
  const notes = report.findings.filter(({ severity }) => severity === 'note');
  return (
    <section class="card">
      <EnvironmentLine profile={profile} />
      <StartUp profile={profile} />
      {trace.memory.peak_bytes !== undefined && (
        <p class="muted">
          Memory of the process {formatBytes(trace.memory.before_bytes ?? 0)} before,{' '}
          {formatBytes(trace.memory.compiled_bytes ?? trace.memory.peak_bytes)} compiled,{' '}
          {formatBytes(trace.memory.peak_bytes)} at its peak
        </p>
      )}
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map(({ code, severity, message }) => (
            <li key={code + message} class={severity}>
              <b>{severity}</b> {message} <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
      {notes.length > 0 && (
        <details>
          <summary>
            {notes.length} note{notes.length === 1 ? '' : 's'}
          </summary>
          <ul class="findings">
            {notes.map(({ code, message }) => (
              <li key={code + message}>
                {message} <code>{code}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function EnvironmentLine({ profile }: { profile: Profile }) {
  const { runs, modelId, source } = useStore();
  const { environment, created, source: from } = profile.trace;
  const { threads, cores } = environment;
  const delegates = environment.delegates.map((name) => name.replace(/^TfLite|Delegate$/g, ''));
  const parts = [
    [environment.runtime, environment.runtime_version].filter(Boolean).join(' '),
    environment.kernels === null ? '' : `${environment.kernels} kernels`,
    delegates.length > 0 ? `delegate ${delegates.join(', ')}` : '',
    threads === null ? '' : `${threads} thread${threads === 1 ? '' : 's'}`,
    [environment.cpu, cores === null ? '' : `${cores} cores`].filter(Boolean).join(', '),
    environment.device ?? '',
    environment.os ?? '',
    timeText(created),
  ].filter((part) => part !== '');
  const extra = Object.entries(environment.extra);
  const id = runs.shown.value.at(0);
  const url = modelId.value === null || id === undefined ? null : source.traceUrl(modelId.value, id);
  return (
    <p class="environment">
      <ProvenanceMark provenance="measured" />{' '}
      {parts.length > 0 ? parts.join(' · ') : 'The profile does not say where it was measured.'}
      {typeof from.format === 'string' && from.tool !== 'tflite-viz' && <> · read from {from.format}</>}
      {extra.length > 0 && (
        <span class="muted" title={extra.map(([key, value]) => `${key}: ${value}`).join('\n')}>
          {' '}
          and more
        </span>
      )}
      {url !== null && (
        <>
          {' '}
          <a href={url} download>
            Save the profile
          </a>
        </>
      )}
    </p>
  );
}

const PHASES = [
  ['load', 'load_ns', 'Reading the model: what maps the file and checks it'],
  ['compile', 'compile_ns', 'Compilation: delegates take their operators and prepare their kernels'],
  [
    'first inference',
    'first_inference_ns',
    'The first inference, which touches everything for the first time',
  ],
] as const;

/** Load, compilation, first inference and steady state as one bar: what the first answer costs, and every other. */
function StartUp({ profile }: { profile: Profile }) {
  const { host } = useStore();
  const colors = categoryColors(host.dark.value);
  const { startup, latency } = profile.trace;
  const steady = spreadOf(latency);
  const phases = [
    ...PHASES.map(([name, key, explain]) => ({ name, us: (startup[key] ?? NaN) / 1000, explain })),
    {
      name: 'steady',
      us: (steady?.median ?? NaN) / 1000,
      explain: 'The median of all inferences after warm-up',
    },
  ].map((phase, place) => ({ ...phase, color: colors[place].strong }));
  const known = phases.filter(({ us }) => !Number.isNaN(us));
  if (known.length < 2) return null;
  const total = known.reduce((sum, { us }) => sum + us, 0);
  return (
    <div class="start-up">
      <div class="stack" aria-hidden="true">
        {known.map(({ name, us, color }) => (
          <span key={name} style={{ width: `${(100 * us) / total}%`, background: color }} />
        ))}
      </div>
      <dl>
        {phases.map(({ name, us, explain, color }) => (
          <div key={name}>
            <dt title={explain}>
              <span class="dot" style={{ background: color }} /> {name}
            </dt>
            <dd title={exactQuantity(us, 'us')}>
              {Number.isNaN(us) ? 'not known' : formatQuantity(us, 'us')}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** An inference divided: operators, the runtime's own rows, and what is in no row. Nothing is left out. */
export function TimeBar({ profile }: { profile: Profile }) {
  const { host } = useStore();
  const colors = categoryColors(host.dark.value);
  const { total, attributed, rowsUs, outsideUs, unattributedRows, overheadUs, overhead } = profile;
  const parts = [
    {
      name: 'operators',
      us: attributed,
      color: colors[0].strong,
      explain: 'Time that belongs to an operator',
    },
    {
      name: 'rows of no operator',
      us: rowsUs,
      color: colors[1].strong,
      explain:
        'Rows of the profile that fit no operator: the runtime’s own work, and what could not be attributed',
    },
    {
      name: 'in no row',
      us: outsideUs,
      color: 'var(--muted)',
      explain: 'The rest of the inference: in no row of the profile, the profiler’s own work among it',
    },
  ];
  const shown = parts.reduce((sum, { us }) => sum + Math.max(us, 0), 0) || 1;
  return (
    <div class="start-up">
      <h2 title="The average over the middle half of the inferences that were run with the profiler">
        An inference with the profiler: {formatQuantity(total, 'us')}
        {overheadUs !== null && overhead !== null && (
          <span
            class={overhead > 0.05 ? 'overhead high' : 'overhead'}
            title="How much longer the median inference takes with the profiler than without; both were run in turn"
          >
            profiling costs {formatQuantity(overheadUs, 'us')} ({overhead < 0 ? '−' : ''}
            {formatPercent(Math.abs(overhead))})
          </span>
        )}
      </h2>
      <div class="stack" aria-hidden="true">
        {parts.map(({ name, us, color }) => (
          <span key={name} style={{ width: `${(100 * Math.max(us, 0)) / shown}%`, background: color }} />
        ))}
      </div>
      <dl>
        {parts.map(({ name, us, color, explain }) => (
          <div key={name}>
            <dt title={explain}>
              <span class="dot" style={{ background: color }} /> {name}
            </dt>
            <dd title={exactQuantity(us, 'us')}>
              {formatQuantity(us, 'us')} <span class="muted">{formatPercent(us / total)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {unattributedRows.length > 0 && (
        <details>
          <summary>
            {unattributedRows.length} row{unattributedRows.length === 1 ? '' : 's'} of no operator
          </summary>
          <table>
            <thead>
              <tr>
                <th>Row</th>
                <th>Kind</th>
                <th class="number">Self time</th>
              </tr>
            </thead>
            <tbody>
              {unattributedRows.map(({ tag, kind, self_us: us }, place) => (
                <tr key={place}>
                  <td>{tag}</td>
                  <td>{kind}</td>
                  <td class="number">{formatQuantity(us, 'us')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}
