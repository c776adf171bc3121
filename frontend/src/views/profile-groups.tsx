/** The time of operators gathered: by type, by layer, by partition, the last with what crosses their borders. */
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { categoryColors } from '../lens/colors.ts';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { bordersOf, type BorderTensor } from '../profile/borders.ts';
import { partsOfReport } from '../profile/partition.ts';
import type { Profile } from '../profile/profile.ts';
import { byLayer, byPartition, type GroupRow } from '../profile/rows.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { Bar } from './figures.tsx';
import { TensorLink, TensorType } from './links.tsx';
import { ProvenanceMark } from './provenance.tsx';

interface GroupTableProps {
  heading: string;
  name: string;
  rows: GroupRow[];
}

export function GroupTable({ heading, name, rows }: GroupTableProps) {
  const store = useStore();
  const [color] = categoryColors(store.host.dark.value);
  return (
    <>
      <p class="table-note">
        <span class="spacer" />
        <CsvButton
          name={`profile-${name}`}
          csv={() =>
            csvText(
              [heading, 'operators', 'timed', 'self [us]', 'share'],
              rows.map((row) => [row.name, row.operators.length, row.timed, row.self, row.share]),
            )
          }
        />
      </p>
      <table>
        <thead>
          <tr>
            <th>{heading}</th>
            <th class="number" title="In the model">
              Operators
            </th>
            <th class="number" title="Sum of the self times of its operators">
              Self time
            </th>
            <th class="number">Share</th>
            <th class="number" title="Self time by operator that was timed">
              Average
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td>
                <button
                  type="button"
                  class="link"
                  title="Select them"
                  onClick={() => store.selectMany(row.operators)}
                >
                  {row.name}
                </button>
              </td>
              <td class="number">
                {formatExact(row.operators.length)}
                {row.timed < row.operators.length && (
                  <span class="muted" title="Of them were timed">
                    {' '}
                    ({formatExact(row.timed)})
                  </span>
                )}
              </td>
              <td class="number" title={exactQuantity(row.self, 'us')}>
                {row.timed === 0 ? '' : formatQuantity(row.self, 'us')}
              </td>
              <td class="number share-cell">
                <Bar share={Math.min(Math.max(row.share, 0), 1)} color={color.strong} />
                {row.timed === 0 ? '' : formatPercent(row.share)}
              </td>
              <td class="number">{row.timed === 0 ? '' : formatQuantity(row.self / row.timed, 'us')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

export function LayerTable({ loaded, profile }: { loaded: Loaded; profile: Profile }) {
  const store = useStore();
  const { hierarchy } = loaded;
  const [color] = categoryColors(store.host.dark.value);
  const open = useSignal<ReadonlySet<number>>(
    new Set(hierarchy.groups.filter(({ parent }) => parent < 0).map(({ id }) => id)),
  );
  const rows = byLayer(profile, hierarchy, open.value);
  const toggle = (group: number): void => {
    const next = new Set(open.value);
    if (!next.delete(group)) next.add(group);
    open.value = next;
  };
  return (
    <>
      <p class="table-note">
        <span class="muted">
          Groups as the graph has them; subgraphs that operators run stand by themselves.
        </span>
        <span class="spacer" />
        <CsvButton
          name="profile-layers"
          csv={() => {
            const all = byLayer(profile, hierarchy, new Set(hierarchy.groups.map(({ id }) => id)));
            return csvText(
              ['layer', 'depth', 'operators', 'self [us]', 'share'],
              all.map(({ group, depth, operators, self, share }) => [
                hierarchy.groups[group].name,
                depth,
                operators,
                self,
                share,
              ]),
            );
          }}
        />
      </p>
      <table>
        <thead>
          <tr>
            <th>Layer</th>
            <th class="number">Operators</th>
            <th class="number" title="Sum of the self times of its operators">
              Time
            </th>
            <th class="number">Share</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ group, depth, operators, self, share, hasChildren }) => (
            <tr key={group}>
              <td style={{ paddingLeft: `${4 + 16 * depth}px` }}>
                <button
                  type="button"
                  class="plain fold-row"
                  aria-expanded={open.value.has(group)}
                  aria-label={`${open.value.has(group) ? 'Close' : 'Open'} ${hierarchy.groups[group].name}`}
                  style={{ visibility: hasChildren ? 'visible' : 'hidden' }}
                  onClick={() => toggle(group)}
                >
                  {open.value.has(group) ? '▾' : '▸'}
                </button>
                <button
                  type="button"
                  class="link"
                  onClick={() =>
                    void (hierarchy.groups[group].parent < 0
                      ? store.enter(group)
                      : store.goTo({ kind: 'group', id: group }))
                  }
                >
                  {hierarchy.groups[group].name}
                </button>
              </td>
              <td class="number">{formatExact(operators)}</td>
              <td class="number" title={exactQuantity(self, 'us')}>
                {formatQuantity(self, 'us')}
              </td>
              <td class="number share-cell">
                <Bar share={Math.min(Math.max(share, 0), 1)} color={color.strong} />
                {formatPercent(share)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Partitions of the profile, or where there is none of it or a delegate was asked, those that were measured by themselves. */
export function PartitionView({ loaded, profile }: { loaded: Loaded; profile: Profile | null }) {
  const { runs } = useStore();
  const measured = runs.partition.value;
  return (
    <>
      {profile !== null && (
        <>
          {profile.trace.partitions.length === 0 ? (
            <p class="muted">No delegate took an operator in this run.</p>
          ) : (
            <>
              <GroupTable heading="Partition" name="partitions" rows={byPartition(profile)} />
              <OnGraph lens="profile.partition" />
            </>
          )}
          {profile.trace.partitions.map(({ delegate, operators }, place) => (
            <Borders
              key={place}
              loaded={loaded}
              title={`${delegate || 'delegate'} ${place}`}
              operators={operators}
            />
          ))}
        </>
      )}
      {measured !== null && <MeasuredPartition loaded={loaded} />}
    </>
  );
}

/** Opens the graph with its regions. */
function OnGraph({ lens }: { lens: string }) {
  const store = useStore();
  return (
    <button
      type="button"
      onClick={() => {
        store.setLens(lens);
        store.setTab('graph');
      }}
    >
      Show the partitions on the graph
    </button>
  );
}

function MeasuredPartition({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { runs } = store;
  const report = runs.partition.value;
  if (report === null) return null;
  const { delegate, runtime, delegated, operators, parts } = partsOfReport(report);
  // Borders are listed below with their tensors.
  const findings = report.findings.filter(({ code }) => code !== 'partition-border');
  const others = (runs.entries.value ?? []).filter(({ kind }) => kind === 'partition');
  return (
    <section class="card">
      <h2>
        Partition of {delegate} <ProvenanceMark provenance="measured" /> <span class="muted">{runtime}</span>
      </h2>
      {others.length > 1 && (
        <select
          aria-label="Measured partition that is shown"
          value={runs.partitionId.value ?? ''}
          onChange={(event) => void runs.showPartition(event.currentTarget.value)}
        >
          {others.map(({ id, delegate: name, created }) => (
            <option key={id} value={id}>
              {name} {created}
            </option>
          ))}
        </select>
      )}
      <p>
        {delegated === null
          ? `It is not known what ${delegate} takes:`
          : `${delegate} takes ${delegated} of ${operators} operators in ${parts.length} partition${parts.length === 1 ? '' : 's'}.`}
      </p>
      {parts.length > 0 && <OnGraph lens="partition.partition" />}
      <ul class="findings">
        {findings.map(({ code, severity, message, operators: about }) => (
          <li key={code + message} class={severity}>
            {severity !== 'note' && <b>{severity} </b>}
            {message}{' '}
            {about.length > 0 && (
              <button type="button" class="link" onClick={() => store.selectMany(about)}>
                {about.length} operator{about.length === 1 ? '' : 's'}
              </button>
            )}
          </li>
        ))}
      </ul>
      {parts.map((part, place) => (
        <Borders key={place} loaded={loaded} title={`${delegate} ${place}`} operators={part} />
      ))}
    </section>
  );
}

interface BordersProps {
  loaded: Loaded;
  title: string;
  operators: number[] | null;
}

/** The tensors that cross the border of one partition. */
function Borders({ loaded: { model }, title, operators }: BordersProps) {
  const store = useStore();
  if (operators === null) return <p class="muted">{title}: which operators it holds is not known.</p>;
  const tensors = bordersOf(model, operators);
  const side = (direction: BorderTensor['direction']): string => {
    const these = tensors.filter((entry) => entry.direction === direction);
    const known = these.filter(({ bytes }) => !Number.isNaN(bytes));
    const bytes = known.reduce((sum, entry) => sum + entry.bytes, 0);
    const unknown = these.length - known.length;
    return `${these.length} ${direction}, ${formatBytes(bytes)}${unknown > 0 ? ` and ${unknown} of unknown size` : ''}`;
  };
  return (
    <details class="borders">
      <summary>
        {title}: {operators.length} operator{operators.length === 1 ? '' : 's'}; across its border{' '}
        {side('in')}; {side('out')}
      </summary>
      <button type="button" onClick={() => store.selectMany(operators)}>
        Select its operators
      </button>
      <table>
        <thead>
          <tr>
            <th />
            <th>Tensor</th>
            <th>Type</th>
            <th class="number">Bytes</th>
          </tr>
        </thead>
        <tbody>
          {tensors.map(({ tensor, direction, bytes }) => (
            <tr key={`${direction}${tensor}`}>
              <td class="muted">{direction}</td>
              <td>
                <TensorLink model={model} id={tensor} />
              </td>
              <td>
                <TensorType model={model} id={tensor} />
              </td>
              <td class="number">{Number.isNaN(bytes) ? 'not known' : formatExact(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
