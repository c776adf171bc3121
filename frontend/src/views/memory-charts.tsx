/** Memory over the operators of a run: how much is alive, and which buffer lies where in the arena. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatBytes, formatExact } from '../lib/format.ts';
import {
  buffersOf,
  largestOf,
  liveBytes,
  operatorsOf,
  steps,
  type PlacedBuffer,
  type Planner,
} from '../memory/plan.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName, tensorName } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';

const LEFT = 64;
const RIGHT = 6;
const TIMELINE = 120;
const ARENA = 300;
/** Rectangles in a picture; more are told by number. */
const MOST_DRAWN = 4000;

interface MemoryChartProps {
  loaded: Loaded;
  planner: Planner;
  arena: number;
  report: Report;
}

export function TimelineChart({ loaded: { model }, planner, arena, report }: MemoryChartProps) {
  const store = useStore();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 800).value;
  const at = useSignal<number | null>(null);
  const [start, end] = operatorsOf(model, planner, arena);
  const live = liveBytes(report, model).subarray(start, end);
  const { values, step } = largestOf(live, Math.max(1, width - LEFT - RIGHT));
  const most = Math.max(1, ...values.filter((value) => !Number.isNaN(value)));
  const x = (place: number): number =>
    LEFT + ((width - LEFT - RIGHT) * Math.min(place * step, live.length)) / Math.max(live.length, 1);
  const y = (value: number): number => TIMELINE - 4 - ((TIMELINE - 14) * value) / most;
  const line = steps(values, x, y);
  const selected = store.primary.value?.kind === 'operator' ? store.primary.value.id : null;
  const operatorAt = (event: PointerEvent | MouseEvent): number | null => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT)) * live.length);
    return place >= 0 && place < live.length ? place : null;
  };
  const csv = (): string =>
    csvText(
      ['operator', 'type', 'name', 'live_bytes'],
      Array.from(live, (bytes, place) => [
        start + place,
        operatorTypeName(model, start + place),
        operatorName(model, start + place),
        Number.isNaN(bytes) ? null : bytes,
      ]),
    );
  return (
    <ChartFrame
      title="Alive while each operator runs"
      explain="Bytes of the buffers that must be kept while an operator runs, its inputs and outputs included"
      name="memory-timeline"
      csv={csv}
    >
      <div ref={element}>
        <svg
          width="100%"
          height={TIMELINE}
          viewBox={`0 0 ${width} ${TIMELINE}`}
          role="img"
          aria-label={`Memory over ${live.length} operators, ${formatBytes(most)} at most`}
          class="memory-chart"
          onPointerMove={(event) => (at.value = operatorAt(event))}
          onPointerLeave={() => (at.value = null)}
          onClick={(event) => {
            const place = operatorAt(event);
            if (place !== null) store.selectMany([start + place]);
          }}
        >
          <ByteAxis most={most} y={y} width={width} />
          <path class="memory-area" d={`${line}V${y(0)}H${LEFT}Z`} />
          <path class="memory-line" d={line} />
          {selected !== null && selected >= start && selected < end && (
            <line
              class="memory-at"
              x1={x((selected - start + 0.5) / step)}
              x2={x((selected - start + 0.5) / step)}
              y1={0}
              y2={TIMELINE}
            />
          )}
        </svg>
      </div>
      <p class="muted chart-note">
        {at.value === null
          ? `${formatExact(live.length)} operators, the first on the left`
          : `${operatorTypeName(model, start + at.value)} ${start + at.value}: ${
              Number.isNaN(live[at.value]) ? 'not known' : formatBytes(live[at.value])
            }`}
      </p>
    </ChartFrame>
  );
}

export function ArenaChart({ loaded: { model }, planner, arena, report }: MemoryChartProps) {
  const store = useStore();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 800).value;
  const hovered = useSignal<PlacedBuffer | null>(null);
  const [start, end] = operatorsOf(model, planner, arena);
  const buffers = buffersOf(report, model, start, end);
  const drawn =
    buffers.length > MOST_DRAWN ? [...buffers].sort((a, b) => b.size - a.size).slice(0, MOST_DRAWN) : buffers;
  const most = buffers.reduce((top, { offset, size }) => Math.max(top, offset + size), 1);
  const count = Math.max(end - start, 1);
  const x = (operator: number): number =>
    LEFT + ((width - LEFT - RIGHT) * Math.min(Math.max(operator - start, 0), count)) / count;
  const y = (bytes: number): number => ARENA - 4 - ((ARENA - 14) * bytes) / most;
  const selected = new Set(store.selection.value.filter(({ kind }) => kind === 'tensor').map(({ id }) => id));
  const csv = (): string =>
    csvText(
      ['tensor', 'name', 'offset', 'bytes', 'first_use', 'last_use'],
      buffers.map(({ tensor, offset, size, first, last }) => [
        tensor,
        tensorName(model, tensor),
        offset,
        size,
        first,
        last,
      ]),
    );
  const under = hovered.value;
  return (
    <ChartFrame
      title="Places in the arena"
      explain="A rectangle for each buffer: its place in the arena from below, and the operators between which it is kept. A click selects its tensor"
      name="memory-arena"
      csv={csv}
    >
      <div ref={element}>
        <svg
          width="100%"
          height={ARENA}
          viewBox={`0 0 ${width} ${ARENA}`}
          role="img"
          aria-label={`${buffers.length} buffers in an arena of ${formatBytes(most)}`}
          class="memory-chart"
          onPointerLeave={() => (hovered.value = null)}
        >
          <ByteAxis most={most} y={y} width={width} />
          {drawn.map((buffer) => {
            const { tensor, offset, size, first, last } = buffer;
            const left = x(first);
            const top = y(offset + size);
            return (
              <rect
                key={tensor}
                class={selected.has(tensor) || under === buffer ? 'buffer current' : 'buffer'}
                x={left}
                y={top}
                width={Math.max(x(last + 1) - left - 0.5, 1)}
                height={Math.max(y(offset) - top - 0.5, 0.5)}
                onPointerEnter={() => (hovered.value = buffer)}
                onClick={() => store.select([{ kind: 'tensor', id: tensor }])}
              />
            );
          })}
        </svg>
      </div>
      <p class="muted chart-note">
        {under === null
          ? `${formatExact(buffers.length)} buffers${
              drawn.length < buffers.length ? `, the ${formatExact(drawn.length)} largest drawn` : ''
            }`
          : `${tensorName(model, under.tensor)}: ${formatBytes(under.size)} at ${formatExact(under.offset)}, from operator ${
              under.first
            } to ${under.last}${under.shared.length > 0 ? `, shared by ${under.shared.length} more` : ''}`}
      </p>
    </ChartFrame>
  );
}

interface ByteAxisProps {
  most: number;
  y: (bytes: number) => number;
  width: number;
}

function ByteAxis({ most, y, width }: ByteAxisProps) {
  const unit = 1024 ** Math.floor(Math.log2(most) / 10); // so that ticks are round in KiB or MiB
  return (
    <>
      {linearTicks(0, most / unit, 4)
        .map((tick) => tick * unit)
        .map((tick) => (
          <g key={tick}>
            <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {formatBytes(tick)}
            </text>
          </g>
        ))}
    </>
  );
}
