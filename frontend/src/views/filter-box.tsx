/** The filter box: words or the filter language, with what it finds below, or where it went wrong. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import type { Wrong } from '../table/protocol.ts';
import { BASE } from '../table/tables.ts';
import { useStore } from './context.ts';
import { FilterResults, resultsOf, type Results } from './filter-results.tsx';
import { onKeyAnywhere } from './keys.ts';

const NO_RESULTS: Results = { operators: new Int32Array(0), tensors: new Int32Array(0) };

export function FilterBox({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const input = useRef<HTMLInputElement>(null);
  const focused = useSignal(false);
  const active = useSignal(0);
  const scrolled = useSignal(0);
  useEffect(
    () =>
      onKeyAnywhere('/', () => {
        input.current?.focus();
        input.current?.select();
      }),
    [],
  );
  const matches = store.matches.value;
  const results = useMemo(
    () => (matches === null ? null : resultsOf(loaded.model, matches)),
    [loaded, matches],
  );
  const { operators, tensors } = results ?? NO_RESULTS;
  const count = operators.length + tensors.length;
  const wrong = store.filter.wrong.value;
  const open = focused.value && (results !== null || wrong !== null);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      if (store.search.value === '') input.current?.blur();
      store.setSearch('');
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (count > 0) active.value = (active.value + step + count) % count;
    } else if (event.key === 'Enter' && count > 0) {
      const at = Math.min(active.value, count - 1);
      const isOperator = at < operators.length;
      const id = isOperator ? operators[at] : tensors[at - operators.length];
      void store.goTo({ kind: isOperator ? 'operator' : 'tensor', id });
    }
  };
  return (
    <div
      class="search"
      onFocusCapture={() => {
        focused.value = true;
        // The lists are there by the time that the first word is typed.
        for (const name of Object.values(BASE)) loaded.reports.ask(name).catch(() => undefined);
      }}
      onBlurCapture={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) focused.value = false;
      }}
    >
      {wrong !== null && <Underline text={store.search.value} wrong={wrong} scrolled={scrolled.value} />}
      <input
        ref={input}
        type="text"
        placeholder="Filter: words, op:CONV_2D, bytes>1MB  ( / )"
        aria-label="Filter operators and tensors"
        aria-invalid={wrong !== null}
        aria-describedby={wrong === null ? undefined : 'filter-wrong'}
        role="combobox"
        aria-expanded={open && wrong === null}
        aria-controls="search-results"
        aria-activedescendant={open && count > 0 ? `result-${active.value}` : undefined}
        value={store.search.value}
        spellcheck={false}
        onScroll={(event) => (scrolled.value = event.currentTarget.scrollLeft)}
        onInput={(event) => {
          active.value = 0;
          store.setSearch(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {store.search.value !== '' && (
        <button
          type="button"
          class="plain clear"
          title="Clear the filter (Esc)"
          aria-label="Clear the filter"
          onClick={() => {
            store.setSearch('');
            input.current?.focus();
          }}
        >
          ✕
        </button>
      )}
      {open && wrong !== null && <WrongNote wrong={wrong} />}
      {open && results !== null && <FilterResults loaded={loaded} results={results} active={active.value} />}
    </div>
  );
}

/** The text once more behind the box, for the line below the place at which it went wrong. */
function Underline({ text, wrong, scrolled }: { text: string; wrong: Wrong; scrolled: number }) {
  const rest = text.slice(wrong.position);
  const end = wrong.position + (/^\S+/.exec(rest)?.[0].length ?? 0);
  return (
    <div class="underline" aria-hidden="true">
      <span style={{ transform: `translateX(${-scrolled}px)` }}>
        {text.slice(0, wrong.position)}
        <u>{text.slice(wrong.position, end) || ' '}</u>
      </span>
    </div>
  );
}

function WrongNote({ wrong }: { wrong: Wrong }) {
  return (
    <div class="results" id="filter-wrong">
      <p class="error-text" role="alert">
        Character {wrong.position + 1}: {wrong.message}
      </p>
      <p class="muted">
        <code>op:CONV_2D</code> <code>name:/_1\d$/</code> <code>weight_bytes&gt;100kB</code> <code>not</code>{' '}
        <code>or</code> <code>( )</code>
      </p>
    </div>
  );
}
