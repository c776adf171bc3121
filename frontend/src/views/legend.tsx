/** What the colours mean. A click filters: the legend writes into the filter box and reads from it what is filtered. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Group } from '../graph/hierarchy.ts';
import { readClause, withClause, type Clause, type NamesClause } from '../lens/clause.ts';
import { missingWord, type CategoryLens, type Lens } from '../lens/lens.ts';
import { WHAT_IF } from '../delegates/what-if.ts';
import { formatCount } from '../lib/format.ts';
import { unitName } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { ScaleLegend } from './legend-scale.tsx';
import { ProvenanceMark } from './provenance.tsx';
import { Swatch } from './swatch.tsx';

/** Below this width of the window an open legend lies over the graph. */
const NARROW = 1100;

export function Legend({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const folded = useSignal(innerWidth < NARROW);
  const { lens, trouble } = store.lens;
  if (lens.value === null) return null;
  const { column } = lens.value;
  const root = loaded.hierarchy.groups[store.root.value];
  const problem = trouble.value;
  return (
    <section class="legend" aria-label={`Legend: ${column.name}`}>
      <button
        type="button"
        class="plain heading"
        title={column.doc}
        aria-expanded={!folded.value}
        onClick={() => (folded.value = !folded.value)}
      >
        <b>{column.name}</b> {unitName(column.unit)} <ProvenanceMark provenance={column.provenance} />{' '}
        {folded.value ? '▴' : '▾'}
      </button>
      {problem !== null && (
        <p class={problem.error === null ? 'muted' : 'error-text'} role="status">
          {store.lens.id.value}: {problem.error ?? 'being read …'}
        </p>
      )}
      {!folded.value && lens.value.id?.startsWith(`${WHAT_IF}.`) === true && <WhatIfNote />}
      {!folded.value &&
        (lens.value.kind === 'category' ? (
          <CategoryLegend loaded={loaded} lens={lens.value} root={root} />
        ) : (
          <ScaleLegend loaded={loaded} lens={lens.value} root={root} />
        ))}
    </section>
  );
}

/** That this is no delegate as it is, and where that is changed. */
function WhatIfNote() {
  const { whatIf, setTab } = useStore();
  return (
    <p class="muted">
      {whatIf.chosen.value.size === 0 ? 'as it is' : 'a what-if'}: {whatIf.delegate.value}{' '}
      <button type="button" class="link" onClick={() => setTab('delegates')}>
        change
      </button>
    </p>
  );
}

/** The part of the filter that a legend has written, and how to write it. */
export function useClause(lens: Lens): [Clause | null, (clause: Clause | null) => void] {
  const store = useStore();
  const clause = readClause(store.search.value, lens.filterName);
  return [
    clause,
    (next) => {
      const filter = withClause(store.search.peek(), lens.filterName, next);
      store.setSearch(filter);
    },
  ];
}

/** Rows of the legend: a category, or null for what is not known. */
type Row = string | null;

const SHOWN = 10;

function CategoryLegend({ loaded, lens, root }: { loaded: Loaded; lens: CategoryLens; root: Group }) {
  const theme = useTheme();
  const all = useSignal(false);
  const [clause, write] = useClause(lens);
  const counts = useMemo(() => countsIn(loaded, lens, root), [loaded, lens, root]);
  const palette = lens.palette(theme);
  const present = lens.categories.filter(({ code }) => counts[code] > 0);
  if (present.length + (counts[counts.length - 1] > 0 ? 1 : 0) < 2 && clause === null)
    return present.length === 0 ? null : <p class="muted only">all {present[0].name}</p>;
  const chosen = clause?.kind === 'names' ? clause : { kind: 'names' as const, names: [], missing: false };
  const rows: { name: Row; color: number; count: number }[] = present.map(({ name, code, color }) => ({
    name,
    color,
    count: counts[code],
  }));
  if (counts[counts.length - 1] > 0) rows.push({ name: null, color: 0, count: counts[counts.length - 1] });
  const shown = all.value ? rows : rows.slice(0, SHOWN);
  return (
    <>
      <div class="rows">
        {shown.map(({ name, color, count }) => {
          const isChosen = name === null ? chosen.missing : chosen.names.includes(name);
          return (
            <button
              key={name ?? ''}
              type="button"
              class="plain row"
              aria-pressed={isChosen}
              title={`Show only these ${count}; with Shift or Ctrl these too`}
              onClick={(event) =>
                write(toggled(chosen, name, event.shiftKey || event.ctrlKey || event.metaKey))
              }
            >
              <Swatch swatch={palette[color]} /> <span class="name">{name ?? missingWord(lens.column)}</span>
              <span class="number muted">{formatCount(count)}</span>
            </button>
          );
        })}
      </div>
      {rows.length > SHOWN && (
        <button type="button" class="link" onClick={() => (all.value = !all.value)}>
          {all.value ? 'fewer' : `${rows.length - SHOWN} more`}
        </button>
      )}
      <LegendActions clause={clause} onClear={() => write(null)} />
    </>
  );
}

/** Selects what the filter leaves, or takes the legend's part of the filter back. */
export function LegendActions({ clause, onClear }: { clause: Clause | null; onClear: () => void }) {
  const store = useStore();
  const found = store.matches.value?.operators;
  if (clause === null) return null;
  return (
    <p class="foot">
      <button type="button" class="link" onClick={onClear}>
        clear
      </button>
      {found !== undefined && found.length > 0 && (
        <button type="button" class="link" onClick={() => store.selectMany(found)}>
          select {formatCount(found.length)}
        </button>
      )}
    </p>
  );
}

/** Only this category, or none when it is the only one already; with `add` besides the others. */
function toggled(chosen: NamesClause, name: Row, add: boolean): NamesClause | null {
  const isChosen = name === null ? chosen.missing : chosen.names.includes(name);
  const others = add ? chosen.names.filter((other) => other !== name) : [];
  const count = chosen.names.length + (chosen.missing ? 1 : 0);
  const stays = add ? !isChosen : !(isChosen && count === 1);
  const next: NamesClause = {
    kind: 'names',
    names: stays && name !== null ? [...others, name] : others,
    missing: name === null ? stays : add && chosen.missing,
  };
  return next.names.length === 0 && !next.missing ? null : next;
}

/** Operators of a group by code; at the end those of which it is not known. */
function countsIn({ hierarchy }: Loaded, { column }: CategoryLens, { start, end }: Group): Int32Array {
  const counts = new Int32Array(column.names.length + 1);
  for (let at = start; at < end; at++) {
    const code = column.codes[hierarchy.order[at]];
    counts[code < 0 ? column.names.length : code]++;
  }
  return counts;
}
