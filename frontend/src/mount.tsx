import { render as renderInto } from 'preact';
import { effect } from '@preact/signals';
import type { Host } from './host/host.ts';
import type { Source } from './host/source.ts';
import { createStore, type Workers } from './state/store.ts';
import { App } from './views/app.tsx';
import { StoreProvider } from './views/context.ts';

/** Puts the application into the page; an error on the way is shown instead of a blank page. */
export function mountApp(host: Host, source: Source, css: string, workers: Workers): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    effect(() => {
      document.documentElement.dataset.theme = host.dark.value ? 'dark' : 'light';
    });
    const store = createStore(host, source, workers);
    const root = document.createElement('div');
    root.id = 'tflite-viz';
    document.body.append(root);
    renderInto(
      <StoreProvider value={store}>
        <App />
      </StoreProvider>,
      root,
    );
    void store.start();
  } catch (error) {
    const message = document.createElement('pre');
    message.textContent = `The viewer could not be started: ${error instanceof Error ? error.message : String(error)}`;
    document.body.append(message);
  }
}
