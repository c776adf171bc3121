/** One quantized constant: its scales channel by channel, and how stored and real values are spread. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { LabelsBelow, ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { placeAt } from '../charts/places.ts';
import { linearTicks, logTicks, wholeTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import type { Histogram, TensorChannels } from '../host/source.ts';
import { formatExact, formatNumber, formatPercent } from '../lib/format.ts';
import { channelDots, type Dot } from '../quantization/channels.ts';
import type { Loaded } from '../state/store.ts';
import { tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { TensorLink } from './links.tsx';
import { useRemote } from './remote.ts';

const HEIGHT = 170;
const LEFT = 64;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

export function TensorChannelsView({ loaded, tensor }: { loaded: Loaded; tensor: number }) {
  const store = useStore();
  const { value: found, error } = useRemote(() => store.source.channels(loaded.id, tensor)).value;
  return (
    <div class="tensor-channels">
      <p class="table-note">
        <TensorLink model={loaded.model} id={tensor} />
      </p>
      {error !== null && <p class="error-text">{error}</p>}
      {error === null && found === null && <p class="muted">reading its values …</p>}
      {found !== null && (
        <>
          <ScaleChart found={found} name={tensorName(loaded.model, tensor)} />
          <div class="side-by-side">
            <HistogramChart
              title="Stored values"
              explain="How many elements have which stored value; a pile at an end are weights that were cut off"
              name="quantization-stored"
              histogram={found.stored}
            />
            {found.real !== null && (
              <HistogramChart
                title="Real values"
                explain="How many elements have which real value: scale × (stored − zero point), channel by channel"
                name="quantization-real"
                histogram={found.real}
              />
            )}
          </div>
        </>
      )}
    </div>
  );
}

const SHOWN_AS = { scale: 'scale', bits: 'bits used' } as const;

function ScaleChart({ found, name }: { found: TensorChannels; name: string }) {
  // One scale for all is a line without news; what the channels make of it is not.
  const figure = useSignal<keyof typeof SHOWN_AS>(found.scheme === 'per-tensor' ? 'bits' : 'scale');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 700).value;
  const hovered = useSignal<number | null>(null);
  const unit = found.scheme === 'blockwise' ? 'block' : 'channel';
  const isLog = figure.value === 'scale';
  const { dots, low, high } = channelDots(found, figure.value);
  const x = (channel: number): number => LEFT + ((width - LEFT - RIGHT) * (channel + 0.5)) / found.listed;
  const y = (value: number): number => {
    const part = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
  };
  const ticks = isLog ? scaleTicks(low, high) : linearTicks(low, high, 4);
  const at = hovered.value;
  const csv = (): string =>
    csvText(
      [
        unit,
        'scale',
        'zero point',
        'least stored',
        'greatest stored',
        'bits',
        'range used',
        'outlier',
        'all zero',
      ],
      found.scale.map((scale, channel) => [
        channel,
        Number(scale),
        found.zero_point[channel],
        found.low[channel],
        found.high[channel],
        found.bits[channel],
        found.range_use[channel],
        String(found.outlier[channel]),
        String(found.zero[channel]),
      ]),
    );
  return (
    <ChartFrame
      title={isLog ? `Scales by ${unit}` : `Bits used by ${unit}`}
      explain={
        isLog
          ? 'Real value of one step, logarithmic; marked are scales 8 times off the median one, and channels of nothing but zero'
          : 'log2(2 r + 1), where r is the largest stored distance from the zero point'
      }
      name="quantization-scales"
      csv={csv}
      controls={
        <select
          aria-label="What is shown"
          value={figure.value}
          onChange={(event) => (figure.value = event.currentTarget.value as keyof typeof SHOWN_AS)}
        >
          {Object.entries(SHOWN_AS).map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      }
    >
      <div ref={element}>
        <svg
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${SHOWN_AS[figure.value]} of ${found.listed} ${unit}s of ${name}`}
          onPointerMove={(event) =>
            (hovered.value = placeAt(event, LEFT, width - LEFT - RIGHT, found.listed))
          }
          onPointerLeave={() => (hovered.value = null)}
        >
          <ValueAxis ticks={ticks} y={y} left={LEFT} right={width - RIGHT} text={formatNumber} />
          <LabelsBelow ticks={channelTicks(found.listed, width)} x={x} y={HEIGHT - 6} />
          {at !== null && <line class="chart-cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />}
          {dots.map((dot) => (
            <Mark key={dot.channel} dot={dot} x={x(dot.channel)} y={y(dot.value)} many={found.listed > 400} />
          ))}
        </svg>
      </div>
      <p class="muted chart-note">{at === null ? summary(found, unit) : words(found, unit, at)}</p>
    </ChartFrame>
  );
}

function Mark({ dot, x, y, many }: { dot: Dot; x: number; y: number; many: boolean }) {
  const isMarked = dot.mark !== 'plain';
  return <circle class={`channel-dot ${dot.mark}`} cx={x} cy={y} r={isMarked ? 4 : many ? 1.5 : 2.5} />;
}

/** Powers of ten, or where there are fewer than two of them, round numbers. */
function scaleTicks(low: number, high: number): number[] {
  const powers = logTicks(low, high, 5);
  return powers.length > 1 ? powers : linearTicks(low, high, 4);
}

function channelTicks(count: number, width: number): number[] {
  return wholeTicks(0, count - 1, Math.min(count, Math.max(2, Math.floor(width / 90))));
}

function summary(found: TensorChannels, unit: string): string {
  const counts = [
    [found.outlier, `${unit}s far from the median`],
    [found.zero, `${unit}s of nothing but zero`],
  ] as const;
  const told = counts
    .map(([flags, text]) => [flags.filter(Boolean).length, text] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `; ${formatExact(count)} ${text}`);
  const shown = found.listed < found.channels ? `the first ${formatExact(found.listed)} of ` : '';
  const many = found.channels === 1 ? 'one channel' : `${shown}${formatExact(found.channels)} ${unit}s`;
  return `${many}${found.axis >= 0 ? ` on axis ${found.axis}` : ''}, ${formatExact(found.values_each)} values each${
    found.scheme === 'per-tensor' ? `, one scale for all: ${formatNumber(Number(found.scale[0]))}` : ''
  }${told.join('')}`;
}

function words(found: TensorChannels, unit: string, at: number): string {
  const parts = [
    `${unit} ${at}: scale ${formatNumber(Number(found.scale[at]))}`,
    `stored ${found.low[at]} … ${found.high[at]}`,
    `${found.bits[at].toFixed(1)} bits`,
    `${formatPercent(found.range_use[at])} of the range`,
  ];
  if (found.outlier[at]) parts.push('far from the median scale');
  if (found.zero[at]) parts.push('all zero');
  return parts.join(', ');
}

interface HistogramProps {
  title: string;
  explain: string;
  name: string;
  histogram: Histogram;
}

function HistogramChart({ title, explain, name, histogram: { low, high, counts } }: HistogramProps) {
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  const hovered = useSignal<number | null>(null);
  const most = Math.max(...counts, 1);
  const bin = (width - 8) / counts.length;
  const edge = (place: number): number => low + ((high - low) * place) / counts.length;
  // One value a bin: it is named, and not as a range.
  const isExact = high - low === counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Square roots: the tails are what one looks for beside the peak at zero.
  const height = (count: number): number => (120 - 26) * Math.sqrt(count / most);
  const at = hovered.value;
  const csv = (): string =>
    csvText(
      ['from', 'to', 'elements'],
      counts.map((count, place) => [edge(place), edge(place + 1), count]),
    );
  return (
    <ChartFrame title={title} explain={`${explain}; heights are square roots`} name={name} csv={csv}>
      <div ref={element}>
        <svg
          width="100%"
          height={120}
          viewBox={`0 0 ${width} 120`}
          role="img"
          aria-label={`${title}: histogram of ${formatExact(total)} elements from ${formatNumber(low)} to ${formatNumber(high)}`}
          onPointerMove={(event) => (hovered.value = placeAt(event, 4, bin * counts.length, counts.length))}
          onPointerLeave={() => (hovered.value = null)}
        >
          {counts.map((count, place) => (
            <rect
              key={place}
              class={at === place ? 'chart-bar current' : 'chart-bar'}
              x={4 + place * bin}
              y={102 - height(count)}
              width={Math.max(bin - (bin > 3 ? 1 : 0), 0.5)}
              height={height(count)}
            />
          ))}
          <g class="chart-axis">
            {linearTicks(low, isExact ? high - 1 : high, 5).map((tick) => (
              <text
                key={tick}
                x={Math.min(
                  Math.max(4 + ((tick - low) / (high - low)) * (width - 8) + (isExact ? bin / 2 : 0), 14),
                  width - 18,
                )}
                y={116}
                text-anchor="middle"
              >
                {formatNumber(tick)}
              </text>
            ))}
          </g>
        </svg>
      </div>
      <p class="muted chart-note">
        {at === null
          ? `${formatExact(total)} elements`
          : `${formatExact(counts[at])} elements (${formatPercent(counts[at] / total)}) ${
              isExact ? `of ${edge(at)}` : `from ${formatNumber(edge(at))} to ${formatNumber(edge(at + 1))}`
            }`}
      </p>
    </ChartFrame>
  );
}
