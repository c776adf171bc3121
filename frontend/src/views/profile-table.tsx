/** The operators of a profile, the longest first; rows are the selection, names lead into the graph. */
import { useSignal } from '@preact/signals';
import { CsvButton } from '../charts/frame.tsx';
import { csvText } from '../charts/csv.ts';
import { formatPercent } from '../lib/format.ts';
import { compareFigures } from '../lib/order.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { SURE_TICKS, type Profile, type Work } from '../profile/profile.ts';
import { operatorRows, type OperatorRow } from '../profile/rows.ts';
import { operatorLabel } from '../graph/hierarchy.ts';
import type { Loaded } from '../state/store.ts';
import { operatorFamily, operatorName, operatorTypeName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { Bar, useTheme } from './figures.tsx';
import { OperatorLink } from './links.tsx';
import { SortHead, sortOf } from './sort-head.tsx';

const SHOWN = 200;

interface HeadingProps {
  name: string;
  key: keyof OperatorRow | 'kernel' | 'partition' | 'confidence';
  explain: string;
  isText?: boolean;
}

const HEADINGS: HeadingProps[] = [
  { name: 'Operator', key: 'operator', explain: 'Sorts by the order of execution', isText: true },
  {
    name: 'Self time',
    key: 'self',
    explain:
      'Time of the operator in one inference, without subgraphs that it calls: the average over the middle half of the inferences',
  },
  { name: 'Share', key: 'share', explain: 'Share of the whole inference' },
  { name: 'Cumulative', key: 'cumulative', explain: 'Share of this operator and all that take longer' },
  { name: 'MAC/s', key: 'macsPerSecond', explain: 'Multiplications with additions per second of self time' },
  { name: 'B/s', key: 'bytesPerSecond', explain: 'Bytes that it reads and writes per second of self time' },
  { name: 'Kernel', key: 'kernel', explain: 'What did the work, by the runtime’s name', isText: true },
  {
    name: 'Partition',
    key: 'partition',
    explain: 'Partition of a delegate that it ran in; empty where it ran by itself',
  },
  {
    name: 'Confidence',
    key: 'confidence',
    explain: 'How sure it is that the time is this operator’s: 1 where the runtime names it',
  },
];

export function OperatorTable({ loaded, profile, work }: { loaded: Loaded; profile: Profile; work: Work }) {
  const store = useStore();
  const sort = useSignal<{ key: HeadingProps['key']; up: boolean }>({ key: 'self', up: false });
  const isAll = useSignal(false);
  const rows = sorted(operatorRows(profile, work), profile, sort.value);
  const headings = HEADINGS.filter(
    ({ key }) => work.isKnown || (key !== 'macsPerSecond' && key !== 'bytesPerSecond'),
  );
  const shown = isAll.value ? rows : rows.slice(0, SHOWN);
  const clock = profile.trace.environment.clock_ns;
  const rough = rows.filter(({ ticks }) => ticks < SURE_TICKS).length;
  const untimed = loaded.model.operatorCount - rows.length;
  const selected = new Set(
    store.selection.value.filter(({ kind }) => kind === 'operator').map(({ id }) => id),
  );
  const choose = (key: HeadingProps['key'], isText: boolean): void => {
    sort.value = { key, up: sort.value.key === key ? !sort.value.up : isText };
  };
  return (
    <>
      <p class="table-note">
        <span class="muted">
          {rows.length.toLocaleString('en')} operators were timed
          {untimed > 0 &&
            `; ${untimed.toLocaleString('en')} left no row: they did not run, or were compiled away`}
          {clock !== null &&
            rough > 0 &&
            `; the clock has steps of ${formatQuantity(clock, 'ns')}: ${rough.toLocaleString('en')} of these times are a few ticks, and rough`}
          {!work.isKnown && '; rates need the report compute, which this server does not have'}
        </span>
        <span class="spacer" />
        <CsvButton name="profile-operators" csv={() => csvOf(loaded, profile, rows)} />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              {headings.map(({ name, key, explain, isText }) => (
                <SortHead
                  key={key}
                  name={name}
                  explain={explain}
                  isText={isText === true}
                  sorted={sortOf(sort.value, key)}
                  onSort={() => choose(key, isText === true)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row
                key={row.operator}
                row={row}
                loaded={loaded}
                profile={profile}
                hasWork={work.isKnown}
                isSelected={selected.has(row.operator)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" onClick={() => (isAll.value = true)}>
          Show {(rows.length - shown.length).toLocaleString('en')} more
        </button>
      )}
    </>
  );
}

interface RowProps {
  row: OperatorRow;
  loaded: Loaded;
  profile: Profile;
  hasWork: boolean;
  isSelected: boolean;
}

function Row({ row, loaded: { model, hierarchy }, profile, hasWork, isSelected }: RowProps) {
  const store = useStore();
  const theme = useTheme();
  const { operator } = row;
  const partition = profile.partition[operator];
  const confidence = profile.confidence[operator];
  return (
    <tr
      class={isSelected ? 'selected' : ''}
      aria-selected={isSelected}
      onClick={() => store.select([{ kind: 'operator', id: operator }])}
    >
      <td class="operator-cell" title={operatorName(model, operator)}>
        <OperatorLink model={model} id={operator} />{' '}
        <span class="muted">{operatorLabel(model, hierarchy, operator)}</span>
      </td>
      <td class="number" title={exactQuantity(row.self, 'us')}>
        {formatQuantity(row.self, 'us')}
      </td>
      <td class="number share-cell">
        <Bar
          share={Math.min(Math.max(row.share, 0), 1)}
          color={theme.families[operatorFamily(model, operator)].strong}
        />
        {formatPercent(row.share)}
      </td>
      <td class="number">{formatPercent(row.cumulative)}</td>
      {hasWork && <Rate rate={row.macsPerSecond} unit="MAC/s" ticks={row.ticks} />}
      {hasWork && <Rate rate={row.bytesPerSecond} unit="B/s" ticks={row.ticks} />}
      <td class="kernel" title={profile.kernel(operator)}>
        {profile.kernel(operator)}
      </td>
      <td class="number">{partition < 0 ? '' : partition}</td>
      <td class={confidence < 0.9 ? 'number unsure' : 'number'}>
        {Number.isNaN(confidence) ? '' : confidence.toFixed(2)}
      </td>
    </tr>
  );
}

function Rate({ rate, unit, ticks }: { rate: number; unit: string; ticks: number }) {
  const isRough = ticks < SURE_TICKS;
  return (
    <td
      class={isRough ? 'number muted' : 'number'}
      title={isRough ? 'The operator takes few ticks of the clock, so that its rate is rough' : undefined}
    >
      {formatRate(rate, unit)}
    </td>
  );
}

export function formatRate(rate: number, unit: string): string {
  return Number.isNaN(rate) ? '' : formatQuantity(rate, `{${unit}}`);
}

function sorted(
  rows: OperatorRow[],
  profile: Profile,
  { key, up }: { key: HeadingProps['key']; up: boolean },
): OperatorRow[] {
  if (key === 'kernel')
    return rows.sort(
      (a, b) => (up ? 1 : -1) * profile.kernel(a.operator).localeCompare(profile.kernel(b.operator), 'en'),
    );
  const valueOf = (row: OperatorRow): number => {
    if (key === 'partition') return profile.partition[row.operator];
    if (key === 'confidence') return profile.confidence[row.operator];
    return row[key];
  };
  return rows.sort((a, b) => compareFigures(valueOf(a), valueOf(b), up));
}

function csvOf({ model }: Loaded, profile: Profile, rows: OperatorRow[]): string {
  return csvText(
    [
      'operator',
      'type',
      'name',
      'self [us]',
      'share',
      'cumulative',
      'MAC/s',
      'B/s',
      'kernel',
      'partition',
      'confidence',
    ],
    rows.map((row) => [
      row.operator,
      operatorTypeName(model, row.operator),
      operatorName(model, row.operator),
      row.self,
      row.share,
      row.cumulative,
      row.macsPerSecond,
      row.bytesPerSecond,
      profile.kernel(row.operator),
      profile.partition[row.operator] < 0 ? null : profile.partition[row.operator],
      profile.confidence[row.operator],
    ]),
  );
}
