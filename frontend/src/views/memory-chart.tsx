/** Buffers as rectangles: steps from left to right, offsets upwards; above them how much is alive. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { KeyedChart } from '../charts/keyed.tsx';
import { byteTicks, wholeTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { useZoom, ZoomButtons } from '../charts/zoom.tsx';
import { formatBytes } from '../lib/format.ts';
import { arenaView, bufferAt, peakStep, stepOf, type MemoryPlan } from '../memory/plan.ts';
import { liveArea, rectangle, rectangles, type Frame } from '../memory/shapes.ts';
import type { Loaded } from '../state/store.ts';
import { operatorFamily, operatorTypeName, tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { AliveTable, BufferCard } from './memory-alive.tsx';
import type { Figures } from './memory-summary.tsx';

const LEFT = 62;
const RIGHT = 8;
const LIVE_HEIGHT = 70;
const TOP = LIVE_HEIGHT + 26;
const ARENA_HEIGHT = 260;
const HEIGHT = TOP + ARENA_HEIGHT + 22;

interface Pointed {
  row: number;
  x: number;
  y: number;
  isRight: boolean;
}

interface MemoryChartProps {
  loaded: Loaded;
  plan: MemoryPlan;
  arena: number;
  figures: Figures;
}

export function MemoryChart({ loaded, plan, arena, figures }: MemoryChartProps) {
  const store = useStore();
  const theme = useTheme();
  const { model } = loaded;
  const view = useMemo(() => arenaView(plan, arena), [plan, arena]);
  const peak = useMemo(() => peakStep(plan, view, figures.peak_operator), [plan, view, figures]);
  const most = useMemo(() => view.live.reduce((high, bytes) => Math.max(high, bytes), 0), [view]);
  const length = view.to - view.from;
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 700).value;
  const inner = width - LEFT - RIGHT;
  const axis = useZoom(length, LEFT, inner);
  const { from, to } = axis.window;
  const cursor = useSignal(peak);
  const pointed = useSignal<Pointed | null>(null);
  const selected = store.primary.value;
  useEffect(() => {
    const operator =
      selected?.kind === 'operator'
        ? selected.id
        : selected?.kind === 'tensor'
          ? model.producer[selected.id]
          : -1;
    const step = operator < 0 ? -1 : stepOf(plan, view, operator);
    if (step >= 0) cursor.value = step;
  }, [selected, plan, view, model, cursor]);

  const x = (step: number): number => LEFT + ((step - view.from - from) * inner) / (to - from || 1);
  const scaleOf = (top: number, height: number, high: number) => (bytes: number) =>
    top + height * (1 - bytes / high);
  const frame: Frame = {
    x,
    y: scaleOf(TOP, ARENA_HEIGHT, view.height || 1),
    left: LEFT,
    right: width - RIGHT,
  };
  const liveFrame: Frame = { ...frame, y: scaleOf(8, LIVE_HEIGHT - 8, most || 1) };
  const familyOf = (row: number): string => {
    if (plan.operator[row] >= 0) return 'scratch';
    const producer = model.producer[plan.tensor[row]];
    return producer < 0 ? 'input' : operatorFamily(model, producer);
  };
  const familyColors = (family: string) => (family in theme.families ? theme.families[family] : null);
  // Drawn anew when what is seen changes, not when the pointer moves.
  const groups = useMemo(
    () => (view.isPlaced ? Array.from(rectangles(plan, view, frame, familyOf)) : []),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- frame and familyOf follow from these
    [plan, view, width, from, to],
  );
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the frame follows from these
  const area = useMemo(() => liveArea(view, liveFrame), [view, width, from, to]);
  const boxOf = (row: number): string => {
    const begin = Math.max(x(plan.first[row]), LEFT);
    const end = Math.min(x(plan.last[row] + 1), width - RIGHT);
    const high = frame.y(plan.offset[row] + plan.bytes[row]);
    return end <= begin
      ? ''
      : rectangle(begin, high, Math.max(end - begin, 2), Math.max(frame.y(plan.offset[row]) - high, 2));
  };
  const marked = view.isPlaced && selected?.kind === 'tensor' ? plan.tensor.indexOf(selected.id) : -1;

  const choose = (row: number): void => {
    if (plan.tensor[row] >= 0) store.select([{ kind: 'tensor', id: plan.tensor[row] }]);
    else store.select([{ kind: 'operator', id: plan.operator[row] }]);
  };
  const move = (step: number): void => {
    cursor.value = Math.min(Math.max(step, view.from), view.to - 1);
    const at = cursor.value - view.from;
    if (at < from || at + 1 > to) axis.pan((at + 0.5 - (from + to) / 2) / (to - from));
  };
  const onKey = (key: string): boolean => {
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      PageUp: -Math.ceil((to - from) / 4),
      PageDown: Math.ceil((to - from) / 4),
    }[key];
    if (steps !== undefined) move(cursor.value + steps);
    else if (key === 'Home') move(view.from);
    else if (key === 'End') move(view.to - 1);
    else if (key === 'Enter' && plan.steps[cursor.value] >= 0)
      store.select([{ kind: 'operator', id: plan.steps[cursor.value] }]);
    else return axis.key(key, cursor.value - view.from);
    return true;
  };
  const placeOf = (event: MouseEvent): { step: number; row: number; left: number; top: number } => {
    const box = element.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const step = view.from + Math.floor(from + ((left - LEFT) * (to - from)) / inner);
    const offset = (1 - (top - TOP) / ARENA_HEIGHT) * view.height;
    const isIn = left >= LEFT && left <= width - RIGHT && step >= view.from && step < view.to;
    return {
      step: isIn ? step : -1,
      row: isIn && view.isPlaced ? bufferAt(plan, view, step, offset) : -1,
      left,
      top,
    };
  };
  const onClick = (event: MouseEvent): void => {
    if (axis.wasDragged()) return;
    const { step, row } = placeOf(event);
    if (row >= 0) choose(row);
    // After the selection, which moves the cursor to the operator that writes the tensor.
    if (step >= 0) setTimeout(() => (cursor.value = step));
  };
  const csv = (): string =>
    csvText(
      [
        'tensor',
        'name',
        'scratch of operator',
        'bytes',
        'offset',
        'first step',
        'last step',
        'first operator',
        'last operator',
      ],
      Array.from(view.rows, (row) => [
        plan.tensor[row] < 0 ? null : plan.tensor[row],
        plan.tensor[row] < 0 ? '' : tensorName(model, plan.tensor[row]),
        plan.operator[row] < 0 ? null : plan.operator[row],
        plan.bytes[row],
        plan.offset[row],
        plan.first[row],
        plan.last[row],
        plan.steps[plan.first[row]],
        plan.steps[plan.last[row]],
      ]),
    );
  if (length === 0)
    return <p class="muted">Nothing is in this arena: all its tensors are constants or have no size.</p>;
  const controls = (
    <>
      <button
        type="button"
        class="plain"
        title="To the step at which most is alive"
        onClick={() => move(peak)}
      >
        Peak
      </button>
      <ZoomButtons {...axis} whole="All steps" />
    </>
  );
  const name = `${view.rows.length.toLocaleString('en')} buffers over ${length.toLocaleString('en')} steps, the most alive ${formatBytes(most)}`;
  const sides = { left: LEFT, right: width - RIGHT, text: formatBytes };
  return (
    <>
      <ChartFrame
        title="Buffers over time"
        explain="A rectangle is a buffer: from the step that first needs it to the last, at its offset in the arena. Above: the sum of those alive. Arenas of subgraphs that an operator runs are not drawn."
        name="memory-buffers"
        csv={csv}
        controls={controls}
      >
        <KeyedChart
          element={element}
          class="memory-chart"
          label={`${name}; arrows move by a step, plus and minus zoom, zero shows all, Enter selects the operator`}
          onKey={onKey}
          {...axis.handlers}
          onPointerMove={(event) => {
            if (axis.drag(event)) return;
            const { row, left, top } = placeOf(event);
            pointed.value = row < 0 ? null : { row, x: left, y: top, isRight: left > width / 2 };
          }}
          onPointerLeave={() => (pointed.value = null)}
          onClick={onClick}
        >
          <svg width="100%" height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`}>
            <ValueAxis ticks={byteTicks(most, 2)} y={liveFrame.y} {...sides} />
            {view.isPlaced && <ValueAxis ticks={byteTicks(view.height, 5)} y={frame.y} {...sides} />}
            <path class="live-area" d={area} />
            {groups.map(([family, d]) => (
              <path
                key={family}
                d={d}
                class={family === 'scratch' || family === 'input' ? `buffers ${family}` : 'buffers'}
                fill={familyColors(family)?.strong}
                stroke={familyColors(family)?.strong}
              />
            ))}
            {!view.isPlaced && (
              <text x={LEFT + inner / 2} y={TOP + ARENA_HEIGHT / 2} text-anchor="middle">
                Too many tensors are alive at once to place them one by one: their offsets are not known
              </text>
            )}
            <line
              class="memory-cursor"
              x1={x(cursor.value + 0.5)}
              x2={x(cursor.value + 0.5)}
              y1={0}
              y2={cursor.value - view.from >= from && cursor.value - view.from < to ? TOP + ARENA_HEIGHT : 0}
            />
            {marked >= 0 && view.rows.includes(marked) && <path class="memory-selected" d={boxOf(marked)} />}
            {pointed.value !== null && <path class="memory-pointed" d={boxOf(pointed.value.row)} />}
            <g class="memory-steps">
              {wholeTicks(from, to, Math.max(2, inner / 150))
                .filter((tick) => tick < length)
                .map((tick) => (
                  <text
                    key={tick}
                    x={x(view.from + tick + 0.5)}
                    y={HEIGHT - 6}
                    text-anchor={x(view.from + tick + 0.5) > width - 60 ? 'end' : 'middle'}
                  >
                    {stepText(tick)}
                  </text>
                ))}
            </g>
          </svg>
          {pointed.value !== null && <BufferCard loaded={loaded} plan={plan} {...pointed.value} />}
        </KeyedChart>
      </ChartFrame>
      <AliveTable
        loaded={loaded}
        plan={plan}
        view={view}
        step={cursor.value}
        nested={cursor.value === peak ? figures.peak_live_bytes - view.live[peak - view.from] : 0}
        isPeak={cursor.value === peak}
        onChoose={choose}
      />
    </>
  );

  function stepText(tick: number): string {
    const operator = plan.steps[view.from + tick] ?? -1;
    if (operator < 0) return '';
    const type = operatorTypeName(model, operator);
    return `${type.length > 13 ? `${type.slice(0, 12)}…` : type} #${operator}`;
  }
}
