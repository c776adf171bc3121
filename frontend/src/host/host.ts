/** The page around us: TensorBoard, a page of our own, or a file. State goes into its URL, its theme comes from it. */
import { signal, type Signal } from '@preact/signals';

export interface Host {
  kind: 'tensorboard' | 'page' | 'file';
  dark: Signal<boolean>;
  /** Null where the host decides, as TensorBoard does. */
  setTheme: ((theme: ThemeChoice) => void) | null;
  theme: Signal<ThemeChoice>;
  /** The state in the URL, without the marks around it. */
  read: () => string;
  /** Writes it; with `push` the browser's back button returns to what was before. */
  write: (state: string, push: boolean) => void;
  onNavigate: (listener: () => void) => void;
  /** The host's own reload button or timer. */
  onReload: (listener: () => void) => void;
  /** A URL that opens what is shown now. */
  link: () => string;
}

export type ThemeChoice = 'auto' | 'light' | 'dark';

const THEME_KEY = 'tflite-viz:theme';

export function pageHost(kind: 'page' | 'file'): Host {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const theme = signal<ThemeChoice>(storedTheme());
  const dark = signal(false);
  const update = (): void => {
    dark.value = theme.value === 'auto' ? system.matches : theme.value === 'dark';
  };
  update();
  system.addEventListener('change', update);
  return {
    kind,
    dark,
    theme,
    setTheme: (choice) => {
      theme.value = choice;
      try {
        localStorage.setItem(THEME_KEY, choice);
      } catch {
        // No storage in this page: the choice lasts as long as the page.
      }
      update();
    },
    read: () => location.hash.slice(1),
    write: (state, push) => {
      const url = state === '' ? location.pathname + location.search : `#${state}`;
      if (push) history.pushState(null, '', url);
      else history.replaceState(null, '', url);
    },
    onNavigate: (listener) => {
      addEventListener('popstate', listener);
      addEventListener('hashchange', listener);
    },
    onReload: () => undefined,
    link: () => location.href,
  };
}

function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(THEME_KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    return 'auto';
  }
}
