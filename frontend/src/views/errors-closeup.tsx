/** One operator beside its reference: value by value, and channel by channel. */
import type { Signal } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import type { Closeup, Closeups, Kind } from '../wire/closeups.ts';
import { operatorName } from '../wire/model.ts';
import { Channels } from './errors-channels.tsx';
import { KINDS } from './errors-pictures.tsx';
import { Scatter } from './errors-scatter.tsx';
import { OperatorLink } from './links.tsx';
import type { Remote } from './remote.ts';

interface CloseupViewProps {
  loaded: Loaded;
  operator: number;
  isCompared: boolean;
  /** Whether the operator was selected; else it is the worst. */
  isChosen: boolean;
  kind: Signal<Kind>;
  closeups: Remote<Closeups>;
}

export function CloseupView({ loaded, operator, isCompared, isChosen, kind, closeups }: CloseupViewProps) {
  const { model } = loaded;
  const found = closeups.value?.get(operator)?.[kind.value] ?? null;
  return (
    <section class="closeup" aria-label="The operator that is shown">
      <p class="table-note">
        {!isChosen && <span class="muted">the worst:</span>}
        <OperatorLink model={model} id={operator} />
        <span class="muted closeup-name" title={operatorName(model, operator)}>
          {operatorName(model, operator)}
        </span>
        <span class="spacer" />
        {isCompared && closeups.value !== null && closeups.value.size > 0 && (
          <select
            aria-label="Accumulated or local"
            value={kind.value}
            onChange={(event) => (kind.value = event.currentTarget.value as Kind)}
          >
            {Object.entries(KINDS).map(([key, { name }]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        )}
      </p>
      {closeups.error !== null && <p class="error-text">{closeups.error}</p>}
      {closeups.error === null && closeups.value === null && <p class="muted">reading values …</p>}
      {closeups.value !== null && (
        <Charts
          operator={operator}
          isCompared={isCompared}
          kind={kind.value}
          found={found}
          all={closeups.value}
        />
      )}
    </section>
  );
}

interface ChartsProps {
  operator: number;
  isCompared: boolean;
  kind: Kind;
  found: Closeup | null;
  all: Closeups;
}

function Charts({ operator, isCompared, kind, found, all }: ChartsProps) {
  if (!isCompared)
    return (
      <p class="muted">
        This operator was not compared: it has no counterpart, or its values are no numbers of the same shape.
      </p>
    );
  if (all.size === 0) return <p class="muted">The file has figures only, no values of operators.</p>;
  if (found === null || found.reference.length === 0)
    return (
      <p class="muted">
        {kind === 'local'
          ? 'It was not run by itself: something that it reads has no counterpart in the reference, or the runtime does not run the operators one by one.'
          : 'Its values are infinite or no numbers.'}
      </p>
    );
  return (
    <div class="side-by-side">
      <Scatter operator={operator} kind={kind} found={found} />
      {found.channels.rmse.length > 0 ? (
        <Channels operator={operator} kind={kind} found={found} />
      ) : (
        <p class="muted">
          Figures by channel were left out here: of one output up to 16,384 are kept, and 262,144 of all
          together.
        </p>
      )}
    </div>
  );
}
