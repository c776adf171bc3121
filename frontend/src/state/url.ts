/** What the URL holds, so that it can be sent to a colleague: model, tab, place in the graph, selection, filter, lens, table. */

import type { Item } from '../graph/items.ts';
import type { Trace } from '../graph/traced.ts';
import type { SortKey } from '../table/order.ts';
import type { Over } from '../table/tables.ts';
import { decodeItem, encodeItem } from './item-url.ts';
import { decodeTrace, encodeTrace } from './trace-url.ts';

export type Tab = 'overview' | 'graph' | 'profile' | 'quantization' | 'weights' | 'memory' | 'delegates';

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
  /** `report.column`, null for operator families. */
  lens: string | null;
  /** Whether the scale of the lens is logarithmic, null where the values decide. */
  log: boolean | null;
  /** The table that is open. */
  table: Over | null;
  sort: SortKey[];
  outline: boolean;
  /** Ids of the profiles that are looked at, empty for the newest. */
  profile: string[];
  /** Id of the errors of layers that are looked at, empty for the newest; null where their section is not open. */
  errors: string | null;
  trace: Trace | null;
  /** The delegate that is looked at and what it is imagined to take, as delegates/what-if.ts writes it. */
  whatIf: string | null;
  /** Whether lines are as wide as what they carry is large. */
  weighsLines: boolean;
}

/** Longer selections are not part of a link: browsers and chat programs cut long ones. */
const MOST_SELECTED = 500;

const TABS: Tab[] = ['graph', 'overview', 'profile', 'quantization', 'weights', 'memory', 'delegates'];

export function encodeState(state: UrlState): string {
  const parts: string[] = [];
  const put = (key: string, value: string): void => void parts.push(`${key}=${encodeURIComponent(value)}`);
  if (state.model !== null) put('model', state.model);
  if (state.tab !== 'graph') put('tab', state.tab);
  if (state.root !== null && state.root !== 0) put('root', String(state.root));
  if (state.flat) put('flat', '1');
  if (state.open !== null) put('open', encodeNumbers(state.open));
  if (state.selection.length > 0 && state.selection.length <= MOST_SELECTED)
    put('sel', state.selection.map(encodeItem).join('.'));
  if (state.search !== '') put('q', state.search);
  if (state.lens !== null) put('lens', state.lens);
  if (state.log !== null) put('log', state.log ? '1' : '0');
  if (state.table !== null) put('table', state.table);
  if (state.sort.length > 0)
    put('sort', state.sort.map(({ column, descending }) => (descending ? `-${column}` : column)).join(','));
  if (state.outline) put('outline', '1');
  if (state.profile.length > 0) put('profile', state.profile.join('.'));
  if (state.errors !== null) put('errors', state.errors);
  if (state.trace !== null) put('trace', encodeTrace(state.trace));
  if (state.whatIf !== null) put('whatif', state.whatIf);
  if (state.weighsLines) put('lines', 'bytes');
  return parts.join('&');
}

export function decodeState(text: string): UrlState {
  const values = new URLSearchParams(text);
  const root = values.get('root');
  const open = values.get('open');
  const table = values.get('table');
  const log = values.get('log');
  const errors = values.get('errors');
  return {
    model: values.get('model'),
    tab: TABS.find((tab) => tab === values.get('tab')) ?? 'graph',
    root: root !== null && /^\d+$/.test(root) ? Number(root) : null,
    flat: values.get('flat') === '1',
    open: open === null ? null : decodeNumbers(open),
    selection: (values.get('sel') ?? '').split('.').flatMap(decodeItem),
    search: values.get('q') ?? '',
    profile: (values.get('profile') ?? '')
      .split('.')
      .filter((id) => /^[0-9a-f]{1,64}$/.test(id))
      .slice(0, 8),
    errors: errors !== null && /^[0-9a-f]{0,64}$/.test(errors) ? errors : null,
    lens: values.get('lens'),
    log: log === null ? null : log === '1',
    table: table === 'operators' || table === 'tensors' ? table : null,
    sort: (values.get('sort') ?? '').split(',').flatMap(decodeKey),
    outline: values.get('outline') === '1',
    trace: decodeTrace(values.get('trace') ?? ''),
    whatIf: values.get('whatif'),
    weighsLines: values.get('lines') === 'bytes',
  };
}

function decodeKey(text: string): SortKey[] {
  const column = text.replace(/^-/, '');
  return column === '' ? [] : [{ column, descending: column !== text }];
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
