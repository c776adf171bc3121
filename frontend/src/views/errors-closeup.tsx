/** One operator beside its reference: value by value, and channel by channel. */
import { useRef } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatExact, formatNumber } from '../lib/format.ts';
import {
  axisOf,
  CHANNEL_FIGURES,
  channelBars,
  channelValues,
  type ChannelFigure,
} from '../quantization/errors.ts';
import type { Loaded } from '../state/store.ts';
import type { Closeup, Closeups, Kind } from '../wire/closeups.ts';
import { operatorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { OperatorLink } from './links.tsx';
import type { Remote } from './remote.ts';

const HEIGHT = 240;
const LEFT = 64;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 34;

const KINDS: Record<Kind, { name: string; explain: string }> = {
  whole: { name: 'from the inputs on', explain: 'Both models went their own way from the inputs on' },
  local: { name: 'by itself', explain: 'The operator alone, on the reference’s values' },
};

interface CloseupViewProps {
  loaded: Loaded;
  operator: number;
  isCompared: boolean;
  /** Whether the operator was selected; else it is the worst. */
  isChosen: boolean;
  kind: Signal<Kind>;
  closeups: Remote<Closeups>;
}

export function CloseupView({ loaded, operator, isCompared, isChosen, kind, closeups }: CloseupViewProps) {
  const { model } = loaded;
  const found = closeups.value?.get(operator)?.[kind.value] ?? null;
  return (
    <section class="closeup" aria-label="The operator that is shown">
      <p class="table-note">
        {!isChosen && <span class="muted">the worst:</span>}
        <OperatorLink model={model} id={operator} />
        <span class="muted closeup-name" title={operatorName(model, operator)}>
          {operatorName(model, operator)}
        </span>
        <span class="spacer" />
        {isCompared && closeups.value !== null && closeups.value.size > 0 && (
          <select
            aria-label="Accumulated or local"
            value={kind.value}
            onChange={(event) => (kind.value = event.currentTarget.value as Kind)}
          >
            {Object.entries(KINDS).map(([key, { name }]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        )}
      </p>
      {closeups.error !== null && <p class="error-text">{closeups.error}</p>}
      {closeups.error === null && closeups.value === null && <p class="muted">reading values …</p>}
      {closeups.value !== null && (
        <Charts
          operator={operator}
          isCompared={isCompared}
          kind={kind.value}
          found={found}
          all={closeups.value}
        />
      )}
    </section>
  );
}

interface ChartsProps {
  operator: number;
  isCompared: boolean;
  kind: Kind;
  found: Closeup | null;
  all: Closeups;
}

function Charts({ operator, isCompared, kind, found, all }: ChartsProps) {
  if (!isCompared)
    return (
      <p class="muted">
        This operator was not compared: it has no counterpart, or its values are no numbers of the same shape.
      </p>
    );
  if (all.size === 0) return <p class="muted">The file has figures only, no values of operators.</p>;
  if (found === null || found.reference.length === 0)
    return (
      <p class="muted">
        {kind === 'local'
          ? 'It was not run by itself: something that it reads has no counterpart in the reference, or the runtime does not run the operators one by one.'
          : 'Its values are infinite or no numbers.'}
      </p>
    );
  return (
    <div class="side-by-side">
      <Scatter operator={operator} kind={kind} found={found} />
      <Channels operator={operator} kind={kind} found={found} />
    </div>
  );
}

interface ChartProps {
  operator: number;
  kind: Kind;
  found: Closeup;
}

const SCATTERS = { value: 'values', error: 'errors' } as const;

function Scatter({ operator, kind, found: { reference, value } }: ChartProps) {
  const store = useStore();
  const shownAs = useSignal<keyof typeof SCATTERS>('value');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  const hovered = useSignal<number | null>(null);
  const isError = shownAs.value === 'error';
  const errors = Array.from(value, (real, place) => real - reference[place]);
  const upward = isError ? errors : Array.from(value);
  const across = Array.from(reference);
  const [lowX, highX] = axisOf(isError ? across : [...across, ...upward], false) ?? [0, 1];
  const [lowY, highY] = isError ? (axisOf([...errors, 0], false) ?? [0, 1]) : [lowX, highX];
  const x = (real: number): number => LEFT + ((width - LEFT - RIGHT) * (real - lowX)) / (highX - lowX);
  const y = (real: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (real - lowY) / (highY - lowY));
  const nearest = (event: MouseEvent): number | null => {
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const far = (place: number): number => Math.hypot(x(across[place]) - left, y(upward[place]) - top);
    const best = across.reduce((closest, _, place) => (far(place) < far(closest) ? place : closest), 0);
    return far(best) < 24 ? best : null;
  };
  const at = hovered.value !== null && hovered.value < across.length ? hovered.value : null;
  return (
    <ChartFrame
      title={isError ? 'Errors by reference' : 'Values by reference'}
      explain={`${KINDS[kind].explain}. A dot is an element of the output in one sample: across its value in the reference, upwards ${isError ? 'how far this model is off' : 'its value in this model; on the line both agree'}. The ring is where the largest error is, the others are a random sample`}
      name="quantization-scatter"
      csv={() =>
        csvText(
          ['reference', 'value', 'error'],
          across.map((real, place) => [real, value[place], errors[place]]),
        )
      }
      controls={
        <select
          aria-label="Values or errors"
          value={shownAs.value}
          onChange={(event) => (shownAs.value = event.currentTarget.value as keyof typeof SCATTERS)}
        >
          {Object.entries(SCATTERS).map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      }
    >
      <div ref={element}>
        <svg
          class="errors-scatter"
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${isError ? 'Errors' : 'Values'} of ${across.length} elements by their reference`}
          onPointerMove={(event) => (hovered.value = nearest(event))}
          onPointerLeave={() => (hovered.value = null)}
          onClick={() => store.select([{ kind: 'operator', id: operator }])}
        >
          <Axes
            lowX={lowX}
            highX={highX}
            lowY={lowY}
            highY={highY}
            x={x}
            y={y}
            width={width}
            across="reference"
          />
          <line
            class="chart-roof"
            x1={x(lowX)}
            y1={y(isError ? 0 : lowX)}
            x2={x(highX)}
            y2={y(isError ? 0 : highX)}
          />
          {across.map((real, place) => (
            <circle
              key={place}
              class={
                place === at ? 'scatter-dot current' : place === 0 ? 'scatter-dot largest' : 'scatter-dot'
              }
              cx={x(real)}
              cy={y(upward[place])}
              r={place === 0 ? 5 : place === at ? 4 : 2.2}
            />
          ))}
        </svg>
      </div>
      <p class="muted chart-note">
        {at === null
          ? `${formatExact(across.length - 1)} elements of all samples, and the one with the largest error`
          : `${at === 0 ? 'the largest error: ' : ''}reference ${formatNumber(short(across[at]))}, this model ${formatNumber(short(value[at]))}, error ${formatNumber(short(errors[at]))}`}
      </p>
    </ChartFrame>
  );
}

interface AxesProps {
  lowX: number;
  highX: number;
  lowY: number;
  highY: number;
  x: (value: number) => number;
  y: (value: number) => number;
  width: number;
  across: string;
}

function Axes({ lowX, highX, lowY, highY, x, y, width, across }: AxesProps) {
  return (
    <g class="chart-axis">
      {linearTicks(lowY, highY, 4).map((tick) => (
        <g key={tick}>
          <line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {formatNumber(short(tick))}
          </text>
        </g>
      ))}
      {linearTicks(lowX, highX, Math.max(2, Math.floor(width / 110))).map((tick) => (
        <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 15} text-anchor="middle">
          {formatNumber(short(tick))}
        </text>
      ))}
      <text x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 3} text-anchor="middle">
        {across}
      </text>
    </g>
  );
}

/** What is left of digits that a sum of floats has too many of. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}

function Channels({ operator, kind, found }: ChartProps) {
  const store = useStore();
  const figure = useSignal<ChannelFigure>('rmse');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  const hovered = useSignal<number | null>(null);
  const values = channelValues(found, figure.value);
  const inner = width - LEFT - RIGHT;
  const bars = channelBars(values, figure.value, inner);
  const unit = figure.value === 'sqnr' ? ' dB' : '';
  const finite = values.filter(Number.isFinite);
  const [low, high] = barAxis(finite);
  const x = (channel: number): number => LEFT + (inner * channel) / values.length;
  const y = (real: number): number =>
    TOP + (HEIGHT - TOP - BOTTOM) * (1 - (Math.min(real, high) - low) / (high - low || 1));
  const csv = (): string =>
    csvText(
      ['channel', 'rmse', 'mean error', 'rms of the reference'],
      Array.from(found.channels.rmse, (noise, channel) => [
        channel,
        noise,
        found.channels.meanError[channel],
        found.channels.referenceRms[channel],
      ]),
    );
  const channelAt = (event: MouseEvent): number => {
    const left = event.clientX - (event.currentTarget as SVGSVGElement).getBoundingClientRect().left;
    return Math.floor(((left - LEFT) / inner) * values.length);
  };
  if (values.length === 0)
    return (
      <p class="muted">
        Figures by channel were left out here: of one output up to 16,384 are kept, and 262,144 of all
        together.
      </p>
    );
  const channel = hovered.value ?? -1;
  const at = bars.find(({ start, end }) => channel >= start && channel < end) ?? null;
  return (
    <ChartFrame
      title="Error by channel"
      explain={`${KINDS[kind].explain}. A channel is a place along the last axis of the output; the figure is over all other axes and all samples, in the unit of the values`}
      name="quantization-channel-errors"
      csv={csv}
      controls={
        <select
          aria-label="Figure by channel"
          value={figure.value}
          onChange={(event) => (figure.value = event.currentTarget.value as ChannelFigure)}
        >
          {Object.entries(CHANNEL_FIGURES).map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      }
    >
      <div ref={element}>
        <svg
          class="errors-channels"
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${CHANNEL_FIGURES[figure.value]} of ${values.length} channels`}
          onPointerMove={(event) => (hovered.value = channelAt(event))}
          onPointerLeave={() => (hovered.value = null)}
          onClick={() => store.select([{ kind: 'operator', id: operator }])}
        >
          <g class="chart-axis">
            {linearTicks(low, high, 4).map((tick) => (
              <g key={tick}>
                <line x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
                <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                  {formatNumber(short(tick))}
                  {unit}
                </text>
              </g>
            ))}
            {linearTicks(0, values.length - 1, Math.max(2, Math.floor(width / 90)))
              .filter(Number.isInteger)
              .map((tick) => (
                <text key={tick} x={x(tick + 0.5)} y={HEIGHT - BOTTOM + 15} text-anchor="middle">
                  {tick}
                </text>
              ))}
            <text x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 3} text-anchor="middle">
              channel
            </text>
          </g>
          {bars
            .filter(({ value }) => !Number.isNaN(value))
            .map((bar) => {
              const ends = [y(bar.value), y(0)].sort((a, b) => a - b);
              return (
                <rect
                  key={bar.start}
                  class={at?.start === bar.start ? 'chart-bar current' : 'chart-bar'}
                  x={x(bar.start)}
                  y={ends[0]}
                  width={Math.max(x(bar.end) - x(bar.start) - (bars.length < inner / 4 ? 1 : 0), 0.5)}
                  height={Math.max(ends[1] - ends[0], bar.value === Infinity ? 0 : 0.5)}
                />
              );
            })}
        </svg>
      </div>
      <p class="muted chart-note">
        {at === null
          ? `${formatExact(values.length)} channels${bars.length < values.length ? '; of those that share a bar the worst' : ''}`
          : `channel ${at.channel}: ${Number.isNaN(at.value) ? 'not known' : at.value === Infinity ? 'nothing differs' : `${formatNumber(short(at.value))}${unit}`}${at.end - at.start > 1 ? `, the worst of ${at.end - at.start}` : ''}`}
      </p>
    </ChartFrame>
  );
}

/** Bars begin at zero. */
function barAxis(values: readonly number[]): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  return low === high ? [0, 1] : [low * 1.05, high * 1.05];
}
