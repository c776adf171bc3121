/** What if a delegate took more: operator types and operators to tick, and what that would change. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import {
  queryOf,
  rejectedTypes,
  tickedOf,
  WHAT_IF,
  withOperators,
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
  const { title } = matrix.delegates[place];
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
          <Answer loaded={loaded} delegate={matrix.delegates[place].delegate} />
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
          <Tick
            key={type.type}
            operators={type.operators}
            counted={type.rejected}
            label={type.type}
            note={formatExact(type.rejected.length)}
          />
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

interface TickProps {
  /** What a tick adds. */
  operators: readonly number[];
  /** Whose choice decides whether it is ticked. */
  counted: readonly number[];
  label: string;
  note: string;
}

function Tick({ operators, counted, label, note }: TickProps) {
  const { whatIf } = useStore();
  const ticked = tickedOf(counted, whatIf.chosen.value);
  return (
    <label>
      <input
        type="checkbox"
        aria-label={`${label}, rejected: ${note}`}
        checked={ticked === 'all'}
        ref={(element) => {
          if (element !== null) element.indeterminate = ticked === 'some';
        }}
        onChange={(event) =>
          whatIf.choose(withOperators(whatIf.chosen.peek(), operators, event.currentTarget.checked))
        }
      />
      <span class="name">{label}</span>
      <span class="muted number">{note}</span>
    </label>
  );
}

/** Ticks that follow each other closely are one question. */
const SETTLE_MS = 150;

function Answer({ loaded, delegate }: { loaded: Loaded; delegate: string }) {
  const { whatIf, source } = useStore();
  const query = queryOf(whatIf.asked.value ?? { types: [], operators: [] }, whatIf.profile.value);
  const settled = useSettled(`${delegate}?${query}`);
  const remote = useLatest(settled, async () => {
    const [name] = settled.split('?', 1);
    return { key: settled, answer: await source.whatIf(loaded.id, name, settled.slice(name.length + 1)) };
  });
  const { value, error } = remote.value;
  const isOld = value !== null && value.key !== `${delegate}?${query}`;
  if (error !== null)
    return (
      <p class="notice error" role="alert">
        This could not be computed: {error}
      </p>
    );
  if (value?.answer.delegate !== delegate) return <p class="muted">counting partitions …</p>;
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
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(() => (settled.value = value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value, settled]);
  return settled.value;
}

function FiguresTable({ answer: { before, after, operators } }: { answer: WhatIf }) {
  const rows: [name: string, title: string, before: string, after: string, change: number][] = [
    ...(
      [
        ['operators', 'Operators in its partitions', 'delegated'],
        ['partitions', 'Each is one call of the delegate', 'partitions'],
        ['tensors across borders', 'Copied or synchronised in each inference', 'crossing_tensors'],
      ] as const
    ).map(
      ([name, title, key]) =>
        [name, title, formatExact(before[key]), formatExact(after[key]), after[key] - before[key]] as [
          string,
          string,
          string,
          string,
          number,
        ],
    ),
    [
      'bytes across borders',
      'Of these tensors, where their sizes are known',
      formatBytes(before.crossing_bytes),
      formatBytes(after.crossing_bytes),
      after.crossing_bytes - before.crossing_bytes,
    ],
  ];
  const share = (count: number): string => formatPercent(operators === 0 ? 0 : count / operators);
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
        {rows.map(([name, title, was, will, change]) => (
          <tr key={name}>
            <th scope="row" title={title}>
              {name}
            </th>
            <td class="number">{was}</td>
            <td class={change === 0 ? 'number muted' : 'number changed'}>{will}</td>
          </tr>
        ))}
        <tr>
          <th scope="row" title="Of all operators of the model">
            delegated share
          </th>
          <td class="number">{share(before.delegated)}</td>
          <td class={before.delegated === after.delegated ? 'number muted' : 'number changed'}>
            {share(after.delegated)}
          </td>
        </tr>
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
