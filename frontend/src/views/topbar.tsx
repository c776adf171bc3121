import { useSignal } from '@preact/signals';
import type { ThemeChoice } from '../host/host.ts';
import { useStore } from './context.ts';
import { FilterBox } from './filter-box.tsx';
import { LensPicker } from './lens-picker.tsx';
import { ModelPicker } from './picker.tsx';

export function TopBar({ onHelp }: { onHelp: () => void }) {
  const store = useStore();
  return (
    <header class="topbar">
      <ModelPicker />
      {store.loaded.value !== null && (
        <>
          <FilterBox loaded={store.loaded.value} />
          <LensPicker loaded={store.loaded.value} />
        </>
      )}
      <div class="spacer" />
      <CopyLink />
      <ThemeButton />
      <button type="button" class="plain" title="Keys (?)" aria-label="Keys" onClick={onHelp}>
        ?
      </button>
    </header>
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
