/** A figure of error along the network: from the inputs on, and of each operator by itself. */
import { useMemo, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { LabelsBelow, ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { KeyedChart } from '../charts/keyed.tsx';
import { placeAfter } from '../charts/places.ts';
import { linearTicks, logTicks, wholeTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatExact } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import { axisOf, thinned, type ErrorFigure, type ErrorPoint } from '../quantization/errors.ts';
import type { Loaded } from '../state/store.ts';
import { reportCsv } from '../table/csv.ts';
import { operatorName, operatorTypeName } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import { useStore } from './context.ts';

const HEIGHT = 220;
const LEFT = 64;
const RIGHT = 8;
/** Beside the picture, for what the dashed line stands for. */
const LABEL = 88;
const TOP = 12;
const BOTTOM = 24;
/** Dots closer than this cover each other. */
const DOT_STEP = 5;

interface ErrorsAlongProps {
  loaded: Loaded;
  report: Report;
  figure: ErrorFigure;
  points: readonly ErrorPoint[];
  shown: number | null;
  controls: ComponentChildren;
}

export function ErrorsAlong({ loaded, report, figure, points, shown, controls }: ErrorsAlongProps) {
  const store = useStore();
  const { model } = loaded;
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 800).value;
  const hovered = useSignal<ErrorPoint | null>(null);
  const drawn = useMemo(
    () => thinned(points, Math.floor((width - LEFT - RIGHT) / DOT_STEP), 'whole', figure),
    [points, width, figure],
  );
  const { x, y, ticks, right, isKnown } = scalesOf(drawn, figure, width);
  const choose = (operator: number): void => store.select([{ kind: 'operator', id: operator }]);
  const nearest = (event: MouseEvent): ErrorPoint => {
    const box = event.currentTarget as SVGSVGElement;
    const at = event.clientX - box.getBoundingClientRect().left;
    return drawn.reduce((best, point) =>
      Math.abs(x(point.operator) - at) < Math.abs(x(best.operator) - at) ? point : best,
    );
  };
  const onKey = (key: string): boolean => {
    const place = points.findIndex(({ operator }) => operator === shown);
    const to = placeAfter(key, place, points.length);
    if (to !== null) choose(points[to].operator);
    else if (key === 'Enter' && shown !== null) void store.goTo({ kind: 'operator', id: shown });
    else return false;
    return true;
  };
  const told = hovered.value ?? points.find(({ operator }) => operator === shown) ?? null;
  return (
    <ChartFrame
      title={`${figure.name} along the network`}
      explain={`${figure.explain}. Full: both models went their own way from the inputs on; hollow: the operator alone, on the reference’s values. The line between them is what operators before it have lost`}
      name="quantization-errors"
      csv={() => reportCsv(report)}
      controls={controls}
    >
      <KeyedChart
        element={element}
        label={`${figure.name} of ${points.length} operators. Arrow keys go from one to the next, Enter shows it in the graph`}
        onKey={onKey}
      >
        <svg
          class="errors-along"
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${figure.name} of ${points.length} operators in the order of execution`}
          onPointerMove={(event) => (hovered.value = nearest(event))}
          onPointerLeave={() => (hovered.value = null)}
          onClick={(event) => choose(nearest(event).operator)}
          onDblClick={(event) => void store.goTo({ kind: 'operator', id: nearest(event).operator })}
        >
          <ValueAxis
            ticks={ticks}
            y={y}
            left={LEFT}
            right={right}
            text={(value) => formatQuantity(value, figure.unit)}
          />
          <LabelsBelow
            ticks={operatorTicks(drawn, width)}
            x={x}
            y={HEIGHT - 6}
            text={(operator) => `#${operator}`}
          />
          {figure.mark !== undefined && isKnown(figure.mark.at) && (
            <g class="chart-mark">
              <line x1={LEFT} x2={right} y1={y(figure.mark.at)} y2={y(figure.mark.at)} />
              <text x={right + 6} y={y(figure.mark.at) + 4}>
                {figure.mark.text}
              </text>
            </g>
          )}
          {told !== null && (
            <line
              class="chart-cursor"
              x1={x(told.operator)}
              x2={x(told.operator)}
              y1={TOP}
              y2={HEIGHT - BOTTOM}
            />
          )}
          <path class="chart-line" d={lineOf(drawn, x, y)} />
          {drawn.map((point) => (
            <Dots key={point.operator} point={point} x={x(point.operator)} y={y} shown={shown} />
          ))}
        </svg>
      </KeyedChart>
      <p class="muted chart-note one-line" aria-live="polite">
        {told === null ? summary(points, drawn) : words(model, told, figure)}
      </p>
    </ChartFrame>
  );
}

interface DotsProps {
  point: ErrorPoint;
  x: number;
  y: (value: number) => number;
  shown: number | null;
}

/** Both figures of an operator; where nothing differs, a mark at the good end of the axis. */
function Dots({ point: { operator, whole, local, isEqual, isLocalEqual }, x, y, shown }: DotsProps) {
  const [full, hollow] = [ofFigure(whole, isEqual), ofFigure(local, isLocalEqual)];
  const mark = operator === shown ? ' shown' : '';
  return (
    <g>
      {full !== null && hollow !== null && (
        <line class="error-stem" x1={x} x2={x} y1={y(full)} y2={y(hollow)} />
      )}
      {hollow !== null && <circle class={`error-dot local${mark}`} cx={x} cy={y(hollow)} r={3.5} />}
      {full !== null && <circle class={`error-dot${mark}`} cx={x} cy={y(full)} r={3} />}
    </g>
  );
}

/** Infinity stands for nothing that differs, null for what is not known. */
function ofFigure(value: number, isEqual: boolean): number | null {
  if (isEqual) return Infinity;
  return Number.isNaN(value) ? null : value;
}

interface Scales {
  x: (operator: number) => number;
  /** Values beyond the axis lie at its ends: infinite, where nothing differs, at the good one. */
  y: (value: number) => number;
  ticks: number[];
  right: number;
  isKnown: (value: number) => boolean;
}

function scalesOf(
  points: readonly ErrorPoint[],
  { isLog, isHighGood, most, mark }: ErrorFigure,
  width: number,
): Scales {
  const values = points.flatMap(({ whole, local }) => [whole, local]);
  const [low, high] = axisOf(values, isLog, most) ?? [isLog ? 0.1 : 0, 1];
  const [first, last] = [points[0].operator, points[points.length - 1].operator];
  const isKnown = (value: number): boolean => value >= low && value <= high;
  const right = width - RIGHT - (mark !== undefined && isKnown(mark.at) ? LABEL : 0);
  const inner = right - LEFT - 16;
  const part = (value: number): number =>
    isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const ticks = isLog ? logTicks(low, high, 5) : linearTicks(low, high, 4);
  return {
    x: (operator) => LEFT + 8 + (inner * (operator - first)) / (last - first || 1),
    y: (value) => {
      const isGood = value === Infinity || (isLog && value === 0);
      const share = isGood ? Number(isHighGood) : Math.min(Math.max(part(value), 0), 1);
      return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
    },
    ticks: isLog && ticks.length < 2 ? linearTicks(low, high, 4).filter((tick) => tick > 0) : ticks,
    right,
    isKnown,
  };
}

function lineOf(points: readonly ErrorPoint[], x: Scales['x'], y: Scales['y']): string {
  let path = '';
  for (const { operator, whole, isEqual } of points) {
    const value = ofFigure(whole, isEqual);
    if (value !== null) path += `${path === '' ? 'M' : 'L'}${x(operator).toFixed(1)} ${y(value).toFixed(1)}`;
  }
  return path;
}

function operatorTicks(points: readonly ErrorPoint[], width: number): number[] {
  const [first, last] = [points[0].operator, points[points.length - 1].operator];
  return wholeTicks(first, last, Math.max(2, Math.floor(width / 90)));
}

function summary(points: readonly ErrorPoint[], drawn: readonly ErrorPoint[]): string {
  const many = `${formatExact(points.length)} operators`;
  return drawn.length < points.length
    ? `${many}; of neighbours that do not find room the worst is drawn`
    : many;
}

function words(
  model: Loaded['model'],
  { operator, whole, local, isEqual, isLocalEqual }: ErrorPoint,
  figure: ErrorFigure,
): string {
  const text = (value: number, isSame: boolean): string =>
    isSame ? 'nothing differs' : Number.isNaN(value) ? 'not known' : formatQuantity(value, figure.unit);
  return [
    `${operatorTypeName(model, operator)} #${operator}`,
    `● from the inputs on: ${text(whole, isEqual)}`,
    `○ by itself: ${text(local, isLocalEqual)}`,
    operatorName(model, operator),
  ].join(' · ');
}
