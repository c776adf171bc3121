/** The model picker: every model that was found, by run and tag, filtered as one types. */
import { Fragment } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useComputed, useSignal } from '@preact/signals';
import type { Entry } from '../host/source.ts';
import { formatBytes } from '../lib/format.ts';
import { useChoices } from './choices.ts';
import { useStore } from './context.ts';
import { isTyping } from './keys.ts';

const SHOWN = 300;

export function ModelPicker() {
  const store = useStore();
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'm' && !isTyping(event) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        open.value = true;
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [open]);
  const entry = store.entry.value;
  const close = (): void => {
    open.value = false;
    button.current?.focus();
  };
  return (
    <div class="picker">
      <button
        ref={button}
        type="button"
        class="current-model"
        aria-haspopup="listbox"
        aria-expanded={open.value}
        title={entry === null ? 'Choose a model (m)' : `${entry.run} · ${entry.label} (m)`}
        onClick={() => (open.value = !open.value)}
      >
        <b>{entry === null ? 'Choose a model' : entry.step === null ? entry.name : entry.tag}</b>
        {entry !== null && (
          <span class="muted">
            {entry.step !== null && `step ${entry.step} · `}
            {entry.run !== '.' && `${entry.run} · `}
            {formatBytes(entry.size)}
          </span>
        )}
        <span aria-hidden="true">▾</span>
      </button>
      {open.value && <PickerList onClose={close} />}
    </div>
  );
}

function PickerList({ onClose }: { onClose: () => void }) {
  const store = useStore();
  const filter = useSignal('');
  const box = useRef<HTMLDivElement>(null);
  const found = useComputed(() => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return (store.listing.value?.models ?? []).filter((entry) => {
      const text = `${entry.run} ${entry.tag} ${entry.label} ${entry.step ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  });
  const choose = (entry: Entry): void => {
    onClose();
    void store.choose(entry.id);
  };
  const { active, onKeyDown } = useChoices({
    element: box,
    count: () => Math.min(found.value.length, SHOWN),
    choose: (place) => choose(found.value[place]),
    onClose,
  });
  useEffect(() => {
    box.current?.querySelector('input')?.focus();
    const current = found.peek().findIndex(({ id }) => id === store.entry.peek()?.id);
    active.value = Math.max(0, current);
  }, [active, found, store]);
  const { models, scan } = store.listing.value ?? { models: [], scan: null };
  return (
    <div
      class="popover"
      ref={box}
      onBlurCapture={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) onClose();
      }}
    >
      <input
        type="text"
        placeholder="Filter by run, tag, step or file"
        aria-label="Filter models"
        role="combobox"
        aria-expanded="true"
        aria-controls="models"
        aria-activedescendant={`model-${active.value}`}
        value={filter.value}
        onInput={(event) => {
          filter.value = event.currentTarget.value;
          active.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div class="list" id="models" role="listbox" aria-label="Models">
        {found.value.slice(0, SHOWN).map((entry, i, all) => (
          <Fragment key={entry.key}>
            {(i === 0 || all[i - 1].run !== entry.run) && (
              <div class="run" role="presentation">
                {entry.run === '.' ? 'log directory' : entry.run}
              </div>
            )}
            <div
              id={`model-${i}`}
              role="option"
              aria-selected={i === active.value}
              class={entry.id === store.entry.value?.id ? 'current' : ''}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(entry)}
              onKeyDown={() => undefined}
            >
              <span class="name">{entry.tag}</span>
              {entry.error === null ? (
                <span class="muted">
                  {entry.step !== null && `step ${entry.step} · `}
                  {formatBytes(entry.size)}
                </span>
              ) : (
                <span class="error-text">{entry.error}</span>
              )}
            </div>
          </Fragment>
        ))}
      </div>
      <p class="muted foot" role="status">
        {found.value.length > SHOWN ? `${SHOWN} of ` : ''}
        {found.value.length} of {models.length} models{scan?.running === true && ', still looking'}
        {scan !== null && scan.notes.length > 0 && (
          <span title={scan.notes.join('\n')}> · {scan.notes.length} notes</span>
        )}
      </p>
    </div>
  );
}
