/** Errors of one operator channel by channel. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { KeyedChart } from '../charts/keyed.tsx';
import { placeAfter, placeAt } from '../charts/places.ts';
import { linearTicks, wholeTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatExact } from '../lib/format.ts';
import { CHANNEL_FIGURES, channelBars, channelValues, type ChannelFigure } from '../quantization/errors.ts';
import { useStore } from './context.ts';
import { CloseupAxes, FRAME, KINDS, realText, type CloseupProps } from './errors-pictures.tsx';

const { height: HEIGHT, left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM } = FRAME;

export function Channels({ operator, kind, found }: CloseupProps) {
  const store = useStore();
  const figure = useSignal<ChannelFigure>('rmse');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  /** The channel that the pointer or the keys are at. */
  const told = useSignal<number | null>(null);
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
  const channel = told.value ?? -1;
  const place = bars.findIndex(({ start, end }) => channel >= start && channel < end);
  const at = place < 0 ? null : bars[place];
  const onKey = (key: string): boolean => {
    const to = placeAfter(key, place, bars.length);
    if (to !== null) told.value = bars[to].start;
    else if (key === 'Enter') void store.goTo({ kind: 'operator', id: operator });
    else return false;
    return true;
  };
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
      <KeyedChart
        element={element}
        label={`${CHANNEL_FIGURES[figure.value]} of ${values.length} channels. Arrow keys go from one to the next, Enter shows the operator in the graph`}
        onKey={onKey}
        onBlur={() => (told.value = null)}
      >
        <svg
          class="errors-channels"
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${CHANNEL_FIGURES[figure.value]} of ${values.length} channels`}
          onPointerMove={(event) => (told.value = placeAt(event, LEFT, inner, values.length))}
          onPointerLeave={() => (told.value = null)}
          onClick={() => store.select([{ kind: 'operator', id: operator }])}
        >
          <CloseupAxes
            width={width}
            y={y}
            ticks={linearTicks(low, high, 4)}
            unit={unit}
            x={(place) => x(place + 0.5)}
            across={wholeTicks(0, values.length - 1, Math.max(2, Math.floor(width / 90)))}
            name="channel"
          />
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
      </KeyedChart>
      <p class="muted chart-note" aria-live="polite">
        {at === null
          ? `${formatExact(values.length)} channels${bars.length < values.length ? '; of those that share a bar the worst' : ''}`
          : `channel ${at.channel}: ${Number.isNaN(at.value) ? 'not known' : at.value === Infinity ? 'nothing differs' : `${realText(at.value)}${unit}`}${at.end - at.start > 1 ? `, the worst of ${at.end - at.start}` : ''}`}
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
