/** Which columns the table has, of all reports. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { unitName } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import type { Over } from '../table/tables.ts';
import { useStore } from './context.ts';
import { ProvenanceMark } from './provenance.tsx';

export function ColumnChooser({ loaded, over }: { loaded: Loaded; over: Over }) {
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <div
      class="picker"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open.value) return;
        open.value = false;
        button.current?.focus();
      }}
      role="presentation"
      onBlurCapture={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
    >
      <button
        ref={button}
        type="button"
        class="plain"
        aria-expanded={open.value}
        title="Choose columns"
        onClick={() => {
          open.value = !open.value;
          if (open.value) void loaded.reports.askAll();
        }}
      >
        Columns ▾
      </button>
      {open.value && <Choices loaded={loaded} over={over} />}
    </div>
  );
}

function Choices({ loaded, over }: { loaded: Loaded; over: Over }) {
  const { table } = useStore();
  const shown = new Set(table.columns.value.map(({ id }) => id));
  const all = table.all.value;
  const reports = [...new Set(all.map(({ report }) => report))];
  const choose = (id: string, isOn: boolean): void =>
    table.chooseColumns(
      all.map((column) => column.id).filter((other) => (other === id ? isOn : shown.has(other))),
    );
  return (
    // A press beside a box is not the end of choosing.
    <div class="popover columns" tabIndex={-1}>
      {reports.map((report) => (
        <fieldset key={report}>
          <legend class="muted">{report}</legend>
          {all
            .filter((column) => column.report === report)
            .map(({ id, column }) => (
              <label key={id} title={column.doc}>
                <input
                  type="checkbox"
                  checked={shown.has(id)}
                  onChange={(event) => choose(id, event.currentTarget.checked)}
                />{' '}
                {column.name} <span class="muted">{unitName(column.unit)}</span>{' '}
                <ProvenanceMark provenance={column.provenance} />
              </label>
            ))}
        </fieldset>
      ))}
      {[...loaded.reports.states.value].map(([name, { report, error }]) =>
        report !== null ? null : (
          <p key={name} class={error === null ? 'muted' : 'error-text'} role="status">
            {name}: {error ?? 'being read …'}
          </p>
        ),
      )}
      <button type="button" class="link" onClick={() => table.chooseColumns(null)}>
        as at first
      </button>
      <span class="visually-hidden">{over}</span>
    </div>
  );
}
