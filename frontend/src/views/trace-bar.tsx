/** Over the canvas: what can be traced from the selection, and what is traced now. */
import type { RefObject } from 'preact';
import type { GraphController } from '../graph/controller.ts';
import { MOST_HOPS, operatorsOf, type Trace, type TraceKind } from '../graph/traced.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { nameOf } from './graph-words.ts';
import { changeHops, toggleRest, toggleTrace, TRACE_KEYS } from './tracing.ts';

const WORDS: Record<TraceKind, { button: string; title: string }> = {
  inputs: { button: 'Inputs', title: 'Everything that the selection is computed from' },
  outputs: { button: 'Outputs', title: 'Everything that is computed from the selection' },
  paths: { button: 'Paths', title: 'Everything between the two that are selected' },
  near: { button: 'Nearby', title: 'What is a few operators away' },
};

export function TraceBar({
  loaded,
  controller,
}: {
  loaded: Loaded;
  controller: RefObject<GraphController | null>;
}) {
  const store = useStore();
  const trace = store.trace.value;
  const count = store.selection.value.length;
  if (trace === null && count === 0) return null;
  const kinds = (['inputs', 'outputs', 'near', 'paths'] as const).filter(
    (kind) => kind === trace?.kind || (count > 0 && (kind !== 'paths' || count === 2)),
  );
  return (
    <div class="trace-bar" role="toolbar" aria-label="Trace">
      {kinds.map((kind) => (
        <button
          key={kind}
          type="button"
          title={`${WORDS[kind].title} (${TRACE_KEYS[kind]})`}
          aria-pressed={trace?.kind === kind}
          onClick={() => toggleTrace(store, kind)}
        >
          {WORDS[kind].button}
        </button>
      ))}
      {trace !== null && <Current loaded={loaded} controller={controller} trace={trace} />}
    </div>
  );
}

function Current({
  loaded,
  controller,
  trace,
}: {
  loaded: Loaded;
  controller: RefObject<GraphController | null>;
  trace: Trace;
}) {
  const store = useStore();
  const operators = [...(store.reached.value?.operators ?? [])].flatMap((is, id) => (is === 1 ? [id] : []));
  const told = sentence(loaded, trace, operators);
  return (
    <>
      {trace.kind === 'near' && (
        <span class="hops">
          <button
            type="button"
            title="One operator less far ([)"
            aria-label="One less"
            disabled={trace.hops === 1}
            onClick={() => changeHops(store, -1)}
          >
            −
          </button>
          {trace.hops}
          <button
            type="button"
            title="One operator further (])"
            aria-label="One more"
            disabled={trace.hops === MOST_HOPS}
            onClick={() => changeHops(store, 1)}
          >
            +
          </button>
        </span>
      )}
      <span class="muted" role="status" title={told}>
        {told}
      </span>
      <button
        type="button"
        title="Lay out nothing but this, instead of fading the rest (h)"
        aria-pressed={trace.hidesRest}
        onClick={() => toggleRest(store)}
      >
        Hide rest
      </button>
      <button type="button" title="Select these operators" onClick={() => store.selectMany(operators)}>
        Select
      </button>
      <button type="button" title="Show all of it" onClick={() => controller.current?.fitTraced()}>
        Fit
      </button>
      <button
        type="button"
        class="plain"
        title="End the trace (Esc)"
        aria-label="End the trace"
        onClick={() => void store.setTrace(null)}
      >
        ✕
      </button>
    </>
  );
}

function sentence(loaded: Loaded, { kind, of }: Trace, operators: number[]): string {
  const seeds = new Set(operatorsOf(loaded.hierarchy, of));
  const count = kind === 'paths' ? operators.length : operators.filter((id) => !seeds.has(id)).length;
  const many = `${count.toLocaleString('en')} operator${count === 1 ? '' : 's'}`;
  const ends = of.length === 1 ? nameOf(loaded, of[0]) : `${of.length} selected`;
  if (kind === 'paths') return count === 0 ? 'no path between the two' : `${many} on paths between the two`;
  return kind === 'near' ? `${many} around ${ends}` : `${many} · ${kind} of ${ends}`;
}
