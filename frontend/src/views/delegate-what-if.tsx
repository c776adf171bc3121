/** What if a delegate took more: operator types and operators to tick, and what that would change. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import {
  queryOf,
  rejectedTypes,
  tickedOf,
  WHAT_IF,
  withOperators,
  type Figures,
  type RejectedType,
  type WhatIf,
} from '../delegates/what-if.ts';
import type { Matrix } from '../delegates/verdicts.ts';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { DelegateTime } from './delegate-time.tsx';
import { ProvenanceMark } from './provenance.tsx';
import { useLatest } from './remote.ts';

interface WhatIfProps {
  loaded: Loaded;
  matrix: Matrix;
  /** Of the delegate in the matrix. */
  place: number;
}

export function DelegateWhatIf({ loaded, matrix, place }: WhatIfProps) {
  const { source } = useStore();
  const { delegate, title } = matrix.delegates[place];
  const types = rejectedTypes(matrix, place);
  return (
    <section class="card what-if-card">
      <h2>What if {title} took more</h2>
      {!source.hasWhatIfs && (
        <p class="muted">
          What-ifs are computed by a server, which a report in a file does not have:{' '}
          <code>tflite-viz serve MODEL</code>. What each reason costs by itself stands above.
        </p>
      )}
      {source.hasWhatIfs && types.length === 0 && (
        <p class="muted">It rejects nothing: there is no operator that it could accept besides.</p>
      )}
      {source.hasWhatIfs && types.length > 0 && (
        <div class="what-if">
          <Choice matrix={matrix} place={place} types={types} />
          <Answer key={delegate} loaded={loaded} delegate={delegate} />
        </div>
      )}
    </section>
  );
}

function Choice({ matrix, place, types }: { matrix: Matrix; place: number; types: RejectedType[] }) {
  const { whatIf, selection } = useStore();
  const chosen = whatIf.chosen.value;
  const rejected = new Set(types.flatMap((type) => type.rejected));
  const selected = selection.value.flatMap(({ kind, id }) =>
    kind === 'operator' && rejected.has(id) ? [id] : [],
  );
  return (
    <fieldset class="what-if-choice">
      <legend>Operators that {matrix.delegates[place].title} rejects</legend>
      <div class="ticks">
        {types.map((type) => (
          <Tick key={type.type} type={type} />
        ))}
      </div>
      <p class="what-if-actions">
        <button
          type="button"
          disabled={selected.length === 0}
          title={
            selected.length === 0
              ? 'Select operators that it rejects, here or in the graph'
              : 'Only these operators, not all of their types'
          }
          onClick={() => whatIf.choose(withOperators(chosen, selected, true))}
        >
          Add the selected ({formatExact(selected.length)})
        </button>{' '}
        <button type="button" disabled={chosen.size === 0} onClick={() => whatIf.choose(new Set())}>
          Clear
        </button>
      </p>
    </fieldset>
  );
}

/** A tick adds all of the type; the rejected ones decide whether it is ticked. */
function Tick({ type: { type, operators, rejected } }: { type: RejectedType }) {
  const { whatIf } = useStore();
  const ticked = tickedOf(rejected, whatIf.chosen.value);
  const count = formatExact(rejected.length);
  return (
    <label>
      <input
        type="checkbox"
        aria-label={`${type}, rejected: ${count}`}
        checked={ticked === 'all'}
        ref={(element) => {
          if (element !== null) element.indeterminate = ticked === 'some';
        }}
        onChange={(event) =>
          whatIf.choose(withOperators(whatIf.chosen.peek(), operators, event.currentTarget.checked))
        }
      />
      <span class="name">{type}</span>
      <span class="muted number">{count}</span>
    </label>
  );
}

/** Ticks that follow each other closely are one question. */
const SETTLE_MS = 150;

function Answer({ loaded, delegate }: { loaded: Loaded; delegate: string }) {
  const { whatIf, source } = useStore();
  const query = queryOf(whatIf.asked.value ?? { types: [], operators: [] }, whatIf.profile.value);
  const settled = useSettled(query);
  const remote = useLatest(settled, async () => ({
    query: settled,
    answer: await source.whatIf(loaded.id, delegate, settled),
  }));
  const { value, error } = remote.value;
  if (error !== null)
    return (
      <p class="notice error" role="alert">
        This could not be computed: {error}
      </p>
    );
  if (value === null) return <p class="muted">counting partitions …</p>;
  const isOld = value.query !== query;
  return (
    <div class={isOld ? 'what-if-answer old' : 'what-if-answer'} aria-busy={isOld}>
      {whatIf.chosen.value.size === 0 ? (
        <p class="muted">Tick what it should be imagined to take; its partitions are then cut again.</p>
      ) : (
        <p role="status">
          <ProvenanceMark provenance="simulated" /> {value.answer.sentence}
        </p>
      )}
      <div class="what-if-figures">
        <FiguresTable answer={value.answer} />
        <Actions answer={value.answer} />
      </div>
      <DelegateTime answer={value.answer} />
    </div>
  );
}

/** The value once it has not changed for a while; at once at first. */
function useSettled(value: string): string {
  const settled = useSignal(value);
  useEffect(() => {
    const timer = setTimeout(() => (settled.value = value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value, settled]);
  return settled.value;
}

interface Row {
  name: string;
  title: string;
  figure: keyof Figures;
  text: (count: number) => string;
}

function FiguresTable({ answer: { before, after, operators } }: { answer: WhatIf }) {
  const share = (count: number): string => formatPercent(operators === 0 ? 0 : count / operators);
  const rows: Row[] = [
    { name: 'operators', title: 'Operators in its partitions', figure: 'delegated', text: formatExact },
    { name: 'delegated share', title: 'Of all operators of the model', figure: 'delegated', text: share },
    {
      name: 'partitions',
      title: 'Each is one call of the delegate',
      figure: 'partitions',
      text: formatExact,
    },
    {
      name: 'tensors across borders',
      title: 'Copied or synchronised in each inference',
      figure: 'crossing_tensors',
      text: formatExact,
    },
    {
      name: 'bytes across borders',
      title: 'Of these tensors, where their sizes are known',
      figure: 'crossing_bytes',
      text: formatBytes,
    },
  ];
  return (
    <table class="fixes">
      <thead>
        <tr>
          <th />
          <th scope="col" class="number">
            as it is
          </th>
          <th scope="col" class="number">
            then
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, title, figure, text }) => (
          <tr key={name}>
            <th scope="row" title={title}>
              {name}
            </th>
            <td class="number">{text(before[figure])}</td>
            <td class={before[figure] === after[figure] ? 'number muted' : 'number changed'}>
              {text(after[figure])}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Actions({ answer }: { answer: WhatIf }) {
  const store = useStore();
  return (
    <p class="what-if-actions">
      <button
        type="button"
        title="Outlines the partitions that there would be; those that join are marked in the column change"
        onClick={() => {
          store.setLens(`${WHAT_IF}.partition`);
          store.setTab('graph');
        }}
      >
        Show these partitions on the graph
      </button>{' '}
      {answer.gained.length > 0 && (
        <button type="button" onClick={() => store.selectMany(answer.gained)}>
          Select the {formatExact(answer.gained.length)} that join
        </button>
      )}
    </p>
  );
}
