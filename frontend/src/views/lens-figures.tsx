/** What the active lens says of an operator or a group. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Group } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import { stripOf } from '../graph/model-drawing.ts';
import { colorOfValue, missingWord, type CategoryLens, type Lens, type QuantityLens } from '../lens/lens.ts';
import { countColors } from '../lens/rollup.ts';
import { formatCount, formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { Bar, Fact, Facts, Section, useTheme } from './figures.tsx';
import { OperatorLink } from './links.tsx';
import { ProvenanceMark } from './provenance.tsx';
import { Swatch } from './swatch.tsx';

/** An operator's or group's value in words; empty for families, which every box shows by its type. */
export function lensText(lens: Lens, { hierarchy }: Loaded, { kind, id }: Item): string {
  if (lens.id === null) return '';
  const { name, unit } = lens.column;
  if (kind === 'operator') return `${name}: ${shownText(lens, id)}`;
  if (kind !== 'group' || lens.kind === 'category') return '';
  const group = hierarchy.groups[id];
  const [sum, share, largest] = [
    lens.rollUp.sum(group),
    lens.rollUp.share(group),
    lens.rollUp.largest(group),
  ];
  if (largest === null) return `${name}: not known`;
  if (Number.isNaN(sum)) return `${name}: at most ${formatQuantity(largest.value, unit)}`;
  const part = Number.isNaN(share) ? '' : `, ${formatPercent(share)} of the model`;
  return `${name}: ${formatQuantity(sum, unit)} in all${part}`;
}

function shownText(lens: Lens, operator: number): string {
  if (lens.kind === 'quantity') return formatQuantity(lens.shown[operator], lens.column.unit) || 'not known';
  const code = lens.column.codes[operator];
  return code < 0 ? missingWord(lens.column) : lens.column.names[code];
}

export function OperatorLens({ id }: { id: number }) {
  const lens = useStore().lens.lens.value;
  const theme = useTheme();
  if (lens?.id == null) return null;
  const { column } = lens;
  const own = lens.kind === 'quantity' ? lens.column.values[id] : NaN;
  const shown = lens.kind === 'quantity' ? lens.shown[id] : NaN;
  const whole = lens.kind === 'quantity' ? lens.rollUp.sum({ start: 0, end: column.rows }) : NaN;
  return (
    <Facts>
      <Fact name={column.name} title={column.doc}>
        <Swatch swatch={lens.palette(theme)[lens.color[id]]} />
        <span title={lens.kind === 'quantity' ? exactQuantity(shown, column.unit) : column.doc}>
          {shownText(lens, id)}
        </span>{' '}
        <ProvenanceMark provenance={column.provenance} />
        {shown / whole > 0 && <span class="muted"> {formatPercent(shown / whole)} of the model</span>}
        {own !== shown && !Number.isNaN(shown) && (
          <span class="muted">
            , {formatQuantity(shown - own, column.unit)} of it in what is folded into it
          </span>
        )}
      </Fact>
    </Facts>
  );
}

export function GroupLens({ loaded, group, equal }: { loaded: Loaded; group: Group; equal: Group[] }) {
  const lens = useStore().lens.lens.value;
  if (lens === null || (lens.id === null && equal.length < 2)) return null;
  if (lens.kind === 'quantity')
    return (
      <Section title={lens.column.name}>
        <QuantityFacts loaded={loaded} lens={lens} group={group} />
        {equal.length > 1 && <Instances loaded={loaded} lens={lens} group={group} equal={equal} />}
      </Section>
    );
  if (lens.id === null) return null; // the panel lists operator types, whose families have these colours
  return (
    <Section title={lens.column.name}>
      <CategoryFacts loaded={loaded} lens={lens} group={group} />
    </Section>
  );
}

function QuantityFacts({ loaded, lens, group }: { loaded: Loaded; lens: QuantityLens; group: Group }) {
  const { column, rollUp } = lens;
  const sum = rollUp.sum(group);
  const share = rollUp.share(group);
  const largest = rollUp.largest(group);
  const missing = group.end - group.start - rollUp.known(group);
  return (
    <>
      <HeatStrip loaded={loaded} lens={lens} group={group} />
      <Facts>
        {!Number.isNaN(sum) && (
          <Fact name="Sum" title={`${column.doc}; of all operators in the group`}>
            <span title={exactQuantity(sum, column.unit)}>{formatQuantity(sum, column.unit)}</span>{' '}
            <ProvenanceMark provenance={column.provenance} />
            {!Number.isNaN(share) && <span class="muted"> {formatPercent(share)} of the model</span>}
          </Fact>
        )}
        {largest !== null && (
          <Fact name="Largest" title={column.doc}>
            <span title={exactQuantity(largest.value, column.unit)}>
              {formatQuantity(largest.value, column.unit)}
            </span>{' '}
            <OperatorLink model={loaded.model} id={largest.operator} />
          </Fact>
        )}
        {missing > 0 && (
          <Fact name="Not known" title="Operators for which the report has no value; they are in no sum">
            {formatCount(missing)} of {formatCount(group.end - group.start)}
          </Fact>
        )}
      </Facts>
    </>
  );
}

/** How the quantity runs through the group, in the order of execution. */
function HeatStrip({ loaded, lens, group }: { loaded: Loaded; lens: Lens; group: Group }) {
  const palette = lens.palette(useTheme());
  return (
    <div class="heat-strip" aria-hidden="true" title="Through the group, in the order of execution">
      {stripOf(loaded.hierarchy, lens, group).map(({ color, share }, i) => (
        <span key={i} style={{ width: `${100 * share}%`, background: palette[color].strong }} />
      ))}
    </div>
  );
}

function CategoryFacts({ loaded, lens, group }: { loaded: Loaded; lens: CategoryLens; group: Group }) {
  const palette = lens.palette(useTheme());
  const counts = [...countColors(lens.color, loaded.hierarchy, group)].sort((a, b) => b[1] - a[1]);
  const total = group.end - group.start;
  const nameOf = (color: number): string => {
    if (color === 0) return missingWord(lens.column);
    const names = lens.categories.filter((category) => category.color === color).map(({ name }) => name);
    return names.length > 2 ? `${names[0]} and ${names.length - 1} others` : names.join(', ');
  };
  return (
    <ul class="types">
      {counts.map(([color, count]) => (
        <li key={color} class="row">
          <span class="name">
            <Swatch swatch={palette[color]} /> {nameOf(color)}
          </span>
          <Bar share={count / counts[0][1]} color={palette[color].strong} />
          <span class="number">{formatCount(count)}</span>
          <span class="number muted share">{formatPercent(count / total)}</span>
        </li>
      ))}
    </ul>
  );
}

interface InstancesProps {
  loaded: Loaded;
  lens: QuantityLens;
  group: Group;
  equal: Group[];
}

const SHOWN = 24;

/** The same figure of every equal group: bars side by side, and as a table. */
function Instances({ loaded, lens, group, equal }: InstancesProps) {
  const store = useStore();
  const all = useSignal(false);
  const palette = lens.palette(useTheme());
  const { column, rollUp } = lens;
  const figures = useMemo(
    () =>
      equal.map((other) => {
        const sum = rollUp.sum(other);
        return Number.isNaN(sum) ? (rollUp.largest(other)?.value ?? NaN) : sum;
      }),
    [equal, rollUp],
  );
  const most = figures.reduce((a, b) => (b > a ? b : a), 0);
  const isSum = !Number.isNaN(rollUp.sum(group));
  const rows = all.value ? equal : equal.slice(0, SHOWN);
  return (
    <>
      <h4>
        {isSum ? 'Sum' : 'Largest'} in {equal.length} equal groups
      </h4>
      <div class="spark" aria-hidden="true">
        {figures.map((value, i) => (
          <span
            key={equal[i].id}
            class={equal[i].id === group.id ? 'current' : ''}
            title={`${equal[i].name}: ${formatQuantity(value, column.unit) || 'not known'}`}
            style={{ height: `${most > 0 && value > 0 ? Math.max(4, (100 * value) / most) : 4}%` }}
          />
        ))}
      </div>
      <table class="instances">
        <tbody>
          {rows.map((other, i) => (
            <tr key={other.id} class={other.id === group.id ? 'current' : ''}>
              <td>
                <Swatch swatch={palette[colorOfValue(lens, rollUp.largest(other)?.value ?? NaN)]} />
                <button
                  type="button"
                  class="link"
                  onClick={() => void store.goTo({ kind: 'group', id: other.id })}
                >
                  {pathName(loaded, other)}
                </button>
              </td>
              <td class="number" title={exactQuantity(figures[i], column.unit)}>
                {formatQuantity(figures[i], column.unit) || 'not known'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {equal.length > SHOWN && (
        <button type="button" class="link" onClick={() => (all.value = !all.value)}>
          {all.value ? 'fewer' : `${equal.length - SHOWN} more`}
        </button>
      )}
    </>
  );
}

/** A name with that of the group around it: equal groups often have the same. */
function pathName({ hierarchy }: Loaded, { name, parent }: Group): string {
  return parent >= 0 && hierarchy.groups[parent].parent >= 0
    ? `${hierarchy.groups[parent].name} › ${name}`
    : name;
}
