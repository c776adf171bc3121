/** Traces as the URL holds them: `near2.o10`, `paths.o3.g9`, with `!` in front where the rest is hidden. */
import type { Item } from '../graph/items.ts';
import { MOST_HOPS, TRACE_KINDS, type Trace } from '../graph/traced.ts';
import { decodeItem, encodeItem } from './item-url.ts';

export function encodeTrace({ kind, of, hops, hidesRest }: Trace): string {
  const name = kind === 'near' ? `${kind}${hops}` : kind;
  return [`${hidesRest ? '!' : ''}${name}`, ...of.map(encodeItem)].join('.');
}

/** Null for what is no trace. */
export function decodeTrace(text: string): Trace | null {
  const [head, ...rest] = text.split('.');
  const found = /^(!?)([a-z]+)(\d?)$/.exec(head);
  const kind = TRACE_KINDS.find((name) => name === found?.[2]);
  const of = rest.flatMap(decodeItem);
  if (found === null || kind === undefined || of.length === 0) return null;
  const hops = Math.min(MOST_HOPS, Math.max(1, Number(found[3] || 1)));
  return { kind, of, hops, hidesRest: found[1] === '!' };
}

/** The part of a trace that a model has. */
export function existing(trace: Trace | null, exists: (item: Item) => boolean): Trace | null {
  if (trace === null) return null;
  const of = trace.of.filter(exists);
  return of.length === 0 ? null : { ...trace, of };
}
