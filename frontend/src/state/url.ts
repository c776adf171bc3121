/** What the URL holds, so that it can be sent to a colleague: model, tab, place in the graph, selection, search. */

import type { Item } from '../graph/items.ts';
import type { Trace } from '../graph/traced.ts';
import { decodeItem, encodeItem } from './item-url.ts';
import { decodeTrace, encodeTrace } from './trace-url.ts';

export type Tab = 'overview' | 'graph';

export interface UrlState {
  model: string | null;
  tab: Tab;
  /** Group that fills the graph, null for the first subgraph. */
  root: number | null;
  flat: boolean;
  /** Open groups, null for the ones that are open at first. */
  open: number[] | null;
  selection: Item[];
  search: string;
  trace: Trace | null;
  /** Whether lines are as wide as what they carry is large. */
  weighsLines: boolean;
}

export function encodeState(state: UrlState): string {
  const parts: string[] = [];
  const put = (key: string, value: string): void => void parts.push(`${key}=${encodeURIComponent(value)}`);
  if (state.model !== null) put('model', state.model);
  if (state.tab !== 'graph') put('tab', state.tab);
  if (state.root !== null && state.root !== 0) put('root', String(state.root));
  if (state.flat) put('flat', '1');
  if (state.open !== null) put('open', encodeNumbers(state.open));
  if (state.selection.length > 0) put('sel', state.selection.map(encodeItem).join('.'));
  if (state.search !== '') put('q', state.search);
  if (state.trace !== null) put('trace', encodeTrace(state.trace));
  if (state.weighsLines) put('lines', 'bytes');
  return parts.join('&');
}

export function decodeState(text: string): UrlState {
  const values = new URLSearchParams(text);
  const root = values.get('root');
  const open = values.get('open');
  return {
    model: values.get('model'),
    tab: values.get('tab') === 'overview' ? 'overview' : 'graph',
    root: root !== null && /^\d+$/.test(root) ? Number(root) : null,
    flat: values.get('flat') === '1',
    open: open === null ? null : decodeNumbers(open),
    selection: (values.get('sel') ?? '').split('.').flatMap(decodeItem),
    search: values.get('q') ?? '',
    trace: decodeTrace(values.get('trace') ?? ''),
    weighsLines: values.get('lines') === 'bytes',
  };
}

/** Ascending numbers as differences in base 36: `1.2.2` for 1, 3, 5. */
function encodeNumbers(numbers: number[]): string {
  let last = 0;
  const parts = [...numbers]
    .sort((a, b) => a - b)
    .map((value) => {
      const step = (value - last).toString(36);
      last = value;
      return step;
    });
  return parts.join('.');
}

function decodeNumbers(text: string): number[] {
  let last = 0;
  return text
    .split('.')
    .filter((part) => /^[0-9a-z]{1,6}$/.test(part))
    .map((part) => (last += parseInt(part, 36)));
}
