/** What starts, changes and ends a trace, by button or key. */
import { MOST_HOPS, type TraceKind } from '../graph/traced.ts';
import type { Store } from '../state/store.ts';

export const TRACE_KEYS: Record<TraceKind, string> = { inputs: 'i', outputs: 'u', paths: 'p', near: 'n' };

/** Traces from the selection; the same trace again ends it. */
export function toggleTrace(store: Store, kind: TraceKind): void {
  const { trace, selection } = store;
  const of = selection.value;
  if (trace.value?.kind === kind) void store.setTrace(null);
  else if (kind === 'paths' ? of.length === 2 : of.length > 0)
    void store.setTrace({ kind, of, hops: 2, hidesRest: trace.value?.hidesRest ?? false });
}

export function changeHops(store: Store, by: number): void {
  const trace = store.trace.value;
  if (trace?.kind !== 'near') return;
  void store.setTrace({ ...trace, hops: Math.min(MOST_HOPS, Math.max(1, trace.hops + by)) });
}

export function toggleRest(store: Store): void {
  const trace = store.trace.value;
  if (trace !== null) void store.setTrace({ ...trace, hidesRest: !trace.hidesRest });
}
