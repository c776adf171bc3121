/** Profiles of one model side by side: whole inferences, and the operators that differ most. */
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { compareOperators, compareRuns } from '../profile/compare.ts';
import type { Profile } from '../profile/profile.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { OperatorLink } from './links.tsx';
import { runTitle } from './profile-picker.tsx';

const SHOWN = 100;
/** Medians of runs that were made one after the other differ by so much on a machine that does other things too. */
const BY_CHANCE = 0.3;

export function CompareView({ loaded }: { loaded: Loaded }) {
  const { runs } = useStore();
  const ids = runs.shown.value.filter((id) => runs.profiles.value.has(id));
  if (ids.length < 2)
    return (
      <p class="muted">
        {(runs.entries.value ?? []).filter(({ kind }) => kind === 'profile').length < 2
          ? 'There is one profile of this model. Run another one, with other kernels or threads, to compare.'
          : 'Choose at the top what this profile is to be compared with.'}
      </p>
    );
  const profiles = ids.map((id) => runs.profiles.value.get(id)!);
  const titles = ids.map((id) => {
    const entry = runs.entries.value?.find((run) => run.id === id);
    return entry === undefined ? id : runTitle(entry);
  });
  return <Comparison loaded={loaded} profiles={profiles} titles={titles} />;
}

interface ComparisonProps {
  loaded: Loaded;
  profiles: Profile[];
  titles: string[];
}

function Comparison({ loaded: { model }, profiles, titles }: ComparisonProps) {
  const store = useStore();
  const columns = compareRuns(profiles);
  const rows = compareOperators(profiles);
  const selected = new Set(
    store.selection.value.filter(({ kind }) => kind === 'operator').map(({ id }) => id),
  );
  const names = profiles.map((_, place) => String.fromCharCode(65 + place));
  const last = names[names.length - 1];
  return (
    <>
      <table>
        <thead>
          <tr>
            <th />
            <th>Profile</th>
            <th class="number">Median</th>
            <th class="number">5th to 95th percentile</th>
            <th class="number" title="Median against that of A">
              Against A
            </th>
          </tr>
        </thead>
        <tbody>
          {columns.map(({ latency, ratio }, place) => (
            <tr key={place}>
              <td>
                <b>{names[place]}</b>
              </td>
              <td>{titles[place]}</td>
              <td class="number">
                {latency === null ? 'not known' : formatQuantity(latency.median / 1000, 'us')}
              </td>
              <td class="number">
                {latency !== null &&
                  `${formatQuantity(latency.p5 / 1000, 'us')} … ${formatQuantity(latency.p95 / 1000, 'us')}`}
              </td>
              <td class="number">{Number.isNaN(ratio) ? '' : `× ${ratio.toFixed(2)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">
        These are separate runs: on a machine that does other things too, medians of the same model differ by
        up to {formatPercent(BY_CHANCE)} from run to run. For a verdict have both run in turn:{' '}
        <code>tflite-viz profile A.tflite --against B.tflite</code>
      </p>
      <p class="table-note">
        <b>Operators, {last} against A</b>
        <span class="spacer" />
        <CsvButton
          name="profile-comparison"
          csv={() =>
            csvText(
              [
                'operator',
                'type',
                'name',
                ...titles.map((title) => `self [us] ${title}`),
                'difference [us]',
                'ratio',
              ],
              rows.map(({ operator, self, difference, ratio }) => [
                operator,
                operatorTypeName(model, operator),
                operatorName(model, operator),
                ...self,
                difference,
                ratio,
              ]),
            )
          }
        />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              <th>Operator</th>
              {names.map((name, place) => (
                <th key={name} class="number" title={titles[place]}>
                  {name}
                </th>
              ))}
              <th class="number">Difference</th>
              <th class="number">Ratio</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map(({ operator, self, difference, ratio }) => (
              <tr
                key={operator}
                class={selected.has(operator) ? 'selected' : ''}
                onClick={() => store.select([{ kind: 'operator', id: operator }])}
              >
                <td title={operatorName(model, operator)}>
                  <OperatorLink model={model} id={operator} />
                </td>
                {self.map((us, place) => (
                  <td key={place} class="number" title={exactQuantity(us, 'us')}>
                    {formatQuantity(us, 'us')}
                  </td>
                ))}
                <td class="number">
                  {Number.isNaN(difference)
                    ? ''
                    : `${difference > 0 ? '+' : difference < 0 ? '−' : ''}${formatQuantity(Math.abs(difference), 'us')}`}
                </td>
                <td class="number">{Number.isFinite(ratio) ? `× ${ratio.toFixed(2)}` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > SHOWN && (
        <p class="muted">
          The {SHOWN} that differ most; all {rows.length.toLocaleString('en')} are in the CSV.
        </p>
      )}
    </>
  );
}
