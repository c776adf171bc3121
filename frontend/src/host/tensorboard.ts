/**
 * The bridge to TensorBoard, from inside its iframe. TensorBoard publishes no library for it; this is its wire protocol
 * (experimental plugin library, tensorboard/components/experimental/plugin_lib, 2.21) as far as it is needed. Everything
 * that touches the parent is guarded: without it the page works like one of our own.
 */
import { signal } from '@preact/signals';
import { pageHost, type Host } from './host.ts';

const PLUGIN = 'tflite';

/** The host when the page is framed by TensorBoard, null when it is not. */
export function tensorboardHost(): Host | null {
  const parent = tensorboardWindow();
  if (parent === null) return null;
  const dark = signal(false);
  const follow = (): void => {
    dark.value = parent.document.body.classList.contains('dark-mode');
  };
  follow();
  new MutationObserver(follow).observe(parent.document.body, {
    attributes: true,
    attributeFilter: ['class'],
  });
  const reloads = listenForReloads(parent);
  return {
    ...pageHost('page'),
    kind: 'tensorboard',
    dark,
    setTheme: null,
    // TensorBoard's own accessor returns nothing on the first load (2.16 to 2.21), so the hash is read directly.
    read: () => (location.hash.length > 1 ? location.hash.slice(1) : pluginState(parent.location.hash)),
    write: (state, push) => {
      const url = `${location.pathname}${location.search}#${state}`;
      if (push) history.pushState(null, '', url);
      else history.replaceState(null, '', url);
      parent.history.replaceState(parent.history.state, '', withPluginState(parent.location.hash, state));
    },
    onReload: (listener) => reloads.add(listener),
    link: () => parent.location.href,
  };
}

function tensorboardWindow(): Window | null {
  try {
    const { parent } = window;
    return parent !== window &&
      window.frameElement !== null &&
      location.pathname.endsWith('/plugin_entry.html')
      ? parent
      : null;
  } catch {
    return null; // framed by a page of another origin
  }
}

/** Keys of this plugin in `#tflite&p.tflite.model=…&p.tflite.tab=…`, as a query string. */
export function pluginState(hash: string): string {
  const prefix = `p.${PLUGIN}.`;
  return hash
    .replace(/^#/, '')
    .split('&')
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length))
    .join('&');
}

/** The hash with this plugin's keys replaced, all others kept. */
export function withPluginState(hash: string, state: string): string {
  const [active = '', ...rest] = hash.replace(/^#/, '').split('&');
  const others = rest.filter((part) => part !== '' && !part.startsWith(`p.${PLUGIN}.`));
  const own = state === '' ? [] : state.split('&').map((part) => `p.${PLUGIN}.${part}`);
  return `#${[active === '' ? PLUGIN : active, ...own, ...others].join('&')}`;
}

/** TensorBoard tells its guests over a message port when it has reloaded its data. */
function listenForReloads(parent: Window): Set<() => void> {
  const listeners = new Set<() => void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== 'string') return;
    const message = JSON.parse(data) as { type?: string; id?: number; isReply?: boolean };
    if (message.isReply === true) return;
    if (message.type === 'experimental.DataReloaded') for (const listener of listeners) listener();
    port1.postMessage(
      JSON.stringify({ type: message.type, id: message.id, payload: null, error: null, isReply: true }),
    );
  };
  parent.postMessage('experimental.bootstrap', '*', [port2]);
  return listeners;
}
