/** One inference from left to right: what contains what, what ran after what. Wheel with Ctrl zooms, dragging moves. */
import { useRef } from 'preact/hooks';
import { useComputed, useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { KeyedChart } from '../charts/keyed.tsx';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { useZoom, ZoomButtons } from '../charts/zoom.tsx';
import { formatQuantity } from '../lib/units.ts';
import type { Profile } from '../profile/profile.ts';
import { timelineOf, type Span } from '../profile/timeline.ts';
import type { Loaded } from '../state/store.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorFamily, operatorName, operatorTypeName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';

const ROW = 22;
const TOP = 20;
const LEFT = 116;
/** Spans thinner than this many pixels are not drawn one by one. */
const LEAST = 0.4;
const LETTER = 7.3;

export function TimelineView({ loaded, profile }: { loaded: Loaded; profile: Profile }) {
  const store = useStore();
  const theme = useTheme();
  const { model } = loaded;
  const { events } = profile.trace;
  const timeline = useComputed(() => timelineOf(profile.trace, profile.total)).value;
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 700).value;
  const hovered = useSignal<Span | null>(null);
  const inner = width - LEFT - 8;
  const axis = useZoom(timeline.length, LEFT, inner);
  const { from, to } = axis.window;
  const scale = inner / (to - from || 1);
  const x = (us: number): number => LEFT + (us - from) * scale;
  const height = TOP + ROW * timeline.tracks.length + 4;
  const operatorOf = (span: Span): number | null => rowOf(events.operators, span.event).at(0) ?? null;
  const selected = new Set(
    store.selection.value.filter(({ kind }) => kind === 'operator').map(({ id }) => id),
  );
  const visible = timeline.spans.filter(
    (span) => span.start < to && span.start + span.length > from && span.length * scale >= LEAST,
  );
  const thin = timeline.spans.length - timeline.spans.filter(({ length }) => length * scale >= LEAST).length;
  const nameOf = (span: Span): string => {
    const operator = operatorOf(span);
    return operator === null ? events.tag(span.event) : operatorTypeName(model, operator);
  };
  const choose = (span: Span): void => {
    const operators = [...rowOf(events.operators, span.event)];
    if (operators.length > 0) store.selectMany(operators);
  };
  const csv = (): string =>
    csvText(
      ['track', 'row', 'operator', 'type', 'name', 'start [us]', 'length [us]', 'start measured'],
      timeline.spans.map((span) => {
        const operator = operatorOf(span);
        return [
          timeline.tracks[span.track],
          events.tag(span.event),
          operator,
          operator === null ? '' : operatorTypeName(model, operator),
          operator === null ? '' : operatorName(model, operator),
          span.start,
          span.length,
          span.isSynthetic ? 'no' : 'yes',
        ];
      }),
    );
  return (
    <ChartFrame
      title="One inference"
      explain="Lengths are averages over the middle half of the inferences; starts are those of the first one where they were measured, its gaps scaled to the average inference"
      name="profile-timeline"
      csv={csv}
      controls={<ZoomButtons {...axis} whole="The whole inference" />}
    >
      <KeyedChart
        element={element}
        class="timeline"
        label="Timeline of one inference; plus and minus zoom, arrows move, zero shows all"
        onKey={(key) => {
          const step = { ArrowLeft: -0.2, ArrowRight: 0.2 }[key];
          if (step === undefined) return axis.key(key);
          axis.pan(step);
          return true;
        }}
        {...axis.handlers}
        onPointerMove={axis.drag}
      >
        <svg width="100%" height={height} viewBox={`0 0 ${width} ${height}`}>
          <g class="chart-axis">
            {linearTicks(from, to, Math.max(2, inner / 110)).map((tick) => (
              <g key={tick}>
                <line x1={x(tick)} x2={x(tick)} y1={TOP - 4} y2={height} />
                <text x={x(tick)} y={TOP - 8} text-anchor="middle">
                  {formatQuantity(tick, 'us')}
                </text>
              </g>
            ))}
          </g>
          {visible.map((span) => {
            const begin = Math.max(x(span.start), LEFT);
            const end = Math.min(x(span.start + span.length), width - 8);
            if (end <= begin) return null;
            const operator = operatorOf(span);
            const family = operator === null ? null : theme.families[operatorFamily(model, operator)];
            const isSelected = operator !== null && selected.has(operator);
            const name = nameOf(span);
            const letters = Math.floor((end - begin - 8) / LETTER);
            const y = TOP + span.track * ROW;
            return (
              <g
                key={span.event}
                class={`span${isSelected ? ' selected' : ''}${span.isSynthetic ? ' synthetic' : ''}`}
                onPointerEnter={() => (hovered.value = span)}
                onPointerLeave={() => (hovered.value = null)}
                onClick={() => {
                  if (!axis.wasDragged()) choose(span);
                }}
                onDblClick={() => {
                  if (operator !== null) void store.goTo({ kind: 'operator', id: operator });
                }}
              >
                <rect
                  x={begin}
                  y={y}
                  width={Math.max(end - begin - 0.5, 0.5)}
                  height={ROW - 3}
                  fill={family?.tint ?? (theme.dark ? '#262e39' : '#eef1f5')}
                  stroke={isSelected ? theme.accent : (family?.strong ?? theme.line)}
                />
                {letters > 2 && (
                  <text x={begin + 4} y={y + 14}>
                    {name.length > letters ? `${name.slice(0, letters - 1)}…` : name}
                  </text>
                )}
              </g>
            );
          })}
          {timeline.tracks.map((name, track) => (
            <text key={track} class="track" x="0" y={TOP + track * ROW + 14}>
              {name.replace(/^TfLite/, '').slice(0, 18)}
              <title>{name}</title>
            </text>
          ))}
        </svg>
      </KeyedChart>
      <p class="muted chart-note">
        {hovered.value === null ? (
          <>
            Dashed: the start was not measured and follows from what came before. Ctrl and wheel zoom,
            dragging moves, a double click shows the operator in the graph.
            {thin > 0 && ` ${thin.toLocaleString('en')} spans are too short to be seen at this zoom.`}
            {timeline.leftOut > 0 &&
              ` ${timeline.leftOut.toLocaleString('en')} rows count cycles or have no time, and are not here.`}
          </>
        ) : (
          describe(loaded, profile, hovered.value)
        )}
      </p>
    </ChartFrame>
  );
}

function describe({ model }: Loaded, { trace: { events } }: Profile, span: Span): string {
  const operator = rowOf(events.operators, span.event).at(0);
  const calls = events.calls[span.event];
  const parts = [
    events.tag(span.event),
    operator === undefined
      ? 'belongs to no operator'
      : `${operatorTypeName(model, operator)} #${operator} ${operatorName(model, operator)}`,
    formatQuantity(span.length, 'us'),
    calls > 1 ? `${calls.toLocaleString('en')} calls` : '',
    span.isSynthetic ? 'start not measured' : `from ${formatQuantity(span.start, 'us')}`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
