/** The lens picker: every column over operators that a report has, by report. */
import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useComputed, useSignal } from '@preact/signals';
import { isLensColumn } from '../lens/lens.ts';
import { unitName } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import type { TableColumn } from '../table/tables.ts';
import { useChoices } from './choices.ts';
import { useStore } from './context.ts';
import { onKeyAnywhere } from './keys.ts';
import { ProvenanceMark } from './provenance.tsx';

export function LensPicker({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => onKeyAnywhere('l', () => (open.value = true)), [open]);
  const { id, lens, trouble } = store.lens;
  const column = lens.value?.column;
  const problem = trouble.value;
  return (
    <div class="picker lens-picker">
      <button
        ref={button}
        type="button"
        class="current-lens"
        aria-haspopup="listbox"
        aria-expanded={open.value}
        title={`Colour by: ${column?.doc ?? ''} (l)`}
        onClick={() => (open.value = !open.value)}
      >
        <span class="muted">Colour</span>
        <b>{id.value === null ? 'family' : id.value.slice(id.value.indexOf('.') + 1)}</b>
        {problem === null && column !== undefined && <ProvenanceMark provenance={column.provenance} />}
        {problem !== null && (
          <span class={problem.error === null ? 'muted' : 'error-text'} title={problem.error ?? ''}>
            {problem.error === null ? '…' : '!'}
          </span>
        )}
        <span aria-hidden="true">▾</span>
      </button>
      {open.value && (
        <LensList
          loaded={loaded}
          onClose={(refocus) => {
            open.value = false;
            if (refocus) button.current?.focus();
          }}
        />
      )}
    </div>
  );
}

/** Families, which need no report, and then the columns; null stands for families. */
type Choice = TableColumn | null;
/** The column that says the same as the first choice. */
const FAMILY = 'ops.family';

function LensList({ loaded, onClose }: { loaded: Loaded; onClose: (refocus: boolean) => void }) {
  const store = useStore();
  const filter = useSignal('');
  const box = useRef<HTMLDivElement>(null);
  const choices = useComputed<Choice[]>(() => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
    const columns = loaded.reports.operators.value.filter(
      ({ id, column }) =>
        isLensColumn(column) && id !== FAMILY && has(`${id} ${column.doc} ${column.provenance}`),
    );
    return [...(has('family of the operator type') ? [null] : []), ...columns];
  });
  useEffect(() => {
    box.current?.querySelector('input')?.focus();
    void loaded.reports.askAll();
  }, [loaded]);
  const choose = (choice: Choice): void => {
    onClose(true);
    store.setLens(choice?.id ?? null);
  };
  const { active, onKeyDown } = useChoices({
    element: box,
    count: () => choices.value.length,
    choose: (place) => choose(choices.value[place]),
    onClose: () => onClose(true),
  });
  return (
    <div
      class="popover"
      ref={box}
      onBlurCapture={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) onClose(false);
      }}
    >
      <input
        type="text"
        placeholder="Colour operators by …"
        aria-label="Columns to colour by"
        role="combobox"
        aria-expanded="true"
        aria-controls="lenses"
        aria-activedescendant={`lens-${active.value}`}
        value={filter.value}
        onInput={(event) => {
          filter.value = event.currentTarget.value;
          active.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div class="list" id="lenses" role="listbox" aria-label="Columns">
        {choices.value.map((choice, i, all) => (
          <Fragment key={choice?.id ?? ''}>
            {choice !== null && all[i - 1]?.report !== choice.report && (
              <div class="run" role="presentation">
                {choice.report}
              </div>
            )}
            <div
              id={`lens-${i}`}
              role="option"
              aria-selected={i === active.value}
              class={(choice?.id ?? null) === store.lens.id.value ? 'current' : ''}
              title={choice?.column.doc ?? 'family of the operator type'}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onMouseEnter={() => (active.value = i)}
              onClick={() => choose(choice)}
              onKeyDown={() => undefined}
            >
              <span class="name">{choice?.column.name ?? 'family'}</span>
              <span class="muted">
                {choice === null ? 'at first' : unitName(choice.column.unit)}{' '}
                <ProvenanceMark provenance={choice?.column.provenance ?? 'declared'} />
              </span>
            </div>
          </Fragment>
        ))}
        <Pending loaded={loaded} />
      </div>
      <p class="muted foot" role="status">
        {choices.value.length === 0
          ? 'No column has these words.'
          : (choices.value[active.value]?.column.doc ?? 'family of the operator type')}
      </p>
    </div>
  );
}

/** Reports that are on their way, and those that could not be had. */
function Pending({ loaded }: { loaded: Loaded }) {
  const states = [...loaded.reports.states.value];
  return (
    <>
      {states.map(([name, { report, error }]) =>
        report !== null ? null : (
          <p key={name} class={error === null ? 'run' : 'error-text run'} role="status">
            {name}: {error ?? 'being read …'}
          </p>
        ),
      )}
    </>
  );
}
