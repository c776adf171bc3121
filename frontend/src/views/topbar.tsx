import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { ThemeChoice } from '../host/host.ts';
import { useStore } from './context.ts';
import { isTyping } from './keys.ts';
import { ModelPicker } from './picker.tsx';
import { SearchResults } from './search.tsx';

export function TopBar({ onHelp }: { onHelp: () => void }) {
  const store = useStore();
  return (
    <header class="topbar">
      <ModelPicker />
      {store.loaded.value !== null && <SearchBox />}
      <div class="spacer" />
      <CopyLink />
      <ThemeButton />
      <button type="button" class="plain" title="Keys (?)" aria-label="Keys" onClick={onHelp}>
        ?
      </button>
    </header>
  );
}

function SearchBox() {
  const store = useStore();
  const input = useRef<HTMLInputElement>(null);
  const focused = useSignal(false);
  const active = useSignal(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === '/' && !isTyping(event)) {
        event.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const matches = store.matches.value;
  const count = matches === null ? 0 : matches.operators.length + matches.tensors.length;
  const open = focused.value && matches !== null;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      if (store.search.value === '') input.current?.blur();
      store.setSearch('');
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (count > 0) active.value = (active.value + step + count) % count;
    } else if (event.key === 'Enter' && matches !== null && count > 0) {
      const at = Math.min(active.value, count - 1);
      const inOperators = at < matches.operators.length;
      const id = inOperators ? matches.operators[at] : matches.tensors[at - matches.operators.length];
      void store.goTo({ kind: inOperators ? 'operator' : 'tensor', id });
    }
  };
  return (
    <div
      class="search"
      onFocusCapture={() => (focused.value = true)}
      onBlurCapture={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) focused.value = false;
      }}
    >
      <input
        ref={input}
        type="text"
        placeholder="Search operators and tensors  ( / )"
        aria-label="Search operators and tensors"
        role="combobox"
        aria-expanded={open}
        aria-controls="search-results"
        aria-activedescendant={open && count > 0 ? `result-${active.value}` : undefined}
        value={store.search.value}
        onInput={(event) => {
          active.value = 0;
          store.setSearch(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {open && <SearchResults matches={matches} active={active.value} />}
    </div>
  );
}

function CopyLink() {
  const store = useStore();
  const copied = useSignal(false);
  if (store.host.kind === 'file' || store.loaded.value === null) return null;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(store.host.link());
      copied.value = true;
      setTimeout(() => (copied.value = false), 1500);
    } catch {
      prompt('The link to this view:', store.host.link());
    }
  };
  return (
    <button type="button" class="plain" title="Copy a link to this view" onClick={() => void copy()}>
      {copied.value ? 'Copied' : 'Copy link'}
    </button>
  );
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { auto: 'light', light: 'dark', dark: 'auto' };
const ICON: Record<ThemeChoice, string> = { auto: '◐', light: '☀', dark: '☾' };

function ThemeButton() {
  const { host } = useStore();
  const { setTheme } = host;
  if (setTheme === null) return null;
  const theme = host.theme.value;
  return (
    <button
      type="button"
      class="plain"
      title={`Theme: ${theme}`}
      aria-label={`Theme: ${theme}`}
      onClick={() => setTheme(NEXT[theme])}
    >
      {ICON[theme]}
    </button>
  );
}
