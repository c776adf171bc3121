/** How often a tensor has which values. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { LabelsBelow, ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { placeAt } from '../charts/places.ts';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import type { Histogram, TensorHistogram } from '../host/source.ts';
import { formatCount, formatExact, formatNumber, formatPercent } from '../lib/format.ts';

const HEIGHT = 190;
const LEFT = 48;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

interface HistogramChartProps {
  histogram: TensorHistogram;
  /** Real values where these are others than the stored ones, and known. */
  real: boolean;
  /** Of the files. */
  name: string;
}

export function HistogramChart({ histogram, real, name }: HistogramChartProps) {
  const isLog = useSignal(false);
  const bins = real ? (histogram.real ?? histogram.stored) : histogram.stored;
  if (bins === null) return <p class="muted">No value of this tensor is finite.</p>;
  const width = (bins.high - bins.low) / bins.counts.length;
  const csv = (): string =>
    csvText(
      ['from', 'to', 'values'],
      bins.counts.map((count, bin) => [bins.low + bin * width, bins.low + (bin + 1) * width, count]),
    );
  return (
    <ChartFrame
      title={`Histogram of ${real && histogram.real !== null ? 'real' : 'stored'} values`}
      explain="How many elements have which value; bins are equally wide, integers of up to 8 bits have one for each value"
      name={name}
      csv={csv}
      controls={
        <label class="chart-control" title="Heights by the logarithm, so that rare values are seen">
          <input
            type="checkbox"
            checked={isLog.value}
            onChange={(event) => (isLog.value = event.currentTarget.checked)}
          />{' '}
          log
        </label>
      }
    >
      <Bars bins={bins} isLog={isLog.value} counted={histogram.counted} />
      {histogram.counted < histogram.elements && (
        <p class="muted chart-note">
          {formatCount(histogram.counted)} of {formatCount(histogram.elements)} elements, in evenly spaced
          parts.
        </p>
      )}
      {histogram.nonfinite > 0 && (
        <p class="error-text">{formatExact(histogram.nonfinite)} infinite or no number</p>
      )}
    </ChartFrame>
  );
}

function Bars({ bins, isLog, counted }: { bins: Histogram; isLog: boolean; counted: number }) {
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 420).value;
  const at = useSignal<number | null>(null);
  const { low, high, counts } = bins;
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const room = width - LEFT - RIGHT;
  const step = room / counts.length;
  const height = (count: number): number => {
    const share = isLog ? Math.log1p(count) / Math.log1p(most) : count / most;
    return count === 0 ? 0 : Math.max((HEIGHT - TOP - BOTTOM) * share, 1);
  };
  const binWidth = (high - low) / counts.length;
  const x = (value: number): number => LEFT + (high > low ? (room * (value - low)) / (high - low) : room / 2);
  const hovered = at.value;
  return (
    <div ref={element} class="histogram">
      <svg
        width="100%"
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Histogram from ${formatNumber(low)} to ${formatNumber(high)}`}
        onPointerMove={(event) => (at.value = placeAt(event, LEFT, step * counts.length, counts.length))}
        onPointerLeave={() => (at.value = null)}
      >
        <ValueAxis
          ticks={isLog ? [0, most] : linearTicks(0, most, 3)}
          y={(count) => HEIGHT - BOTTOM - height(count)}
          left={LEFT}
          right={width - RIGHT}
          text={formatCount}
        />
        <LabelsBelow
          ticks={linearTicks(low, high, Math.max(4, Math.floor(room / 80)))}
          x={x}
          y={HEIGHT - 6}
          text={formatNumber}
        />
        {counts.map((count, bin) => (
          <rect
            key={bin}
            class={bin === hovered ? 'chart-bar current' : 'chart-bar'}
            x={LEFT + bin * step}
            y={HEIGHT - BOTTOM - height(count)}
            width={Math.max(step > 4 ? step - 1 : step, 0.5)}
            height={height(count)}
          />
        ))}
      </svg>
      <p class="muted chart-note">
        {hovered === null
          ? ''
          : `${wordsOf(low, binWidth, hovered)}: ${formatExact(counts[hovered])} values, ${formatPercent(counts[hovered] / counted)}`}
      </p>
    </div>
  );
}

function wordsOf(low: number, width: number, bin: number): string {
  const from = low + bin * width;
  if (width === 1 && Number.isInteger(from + 0.5)) return formatNumber(from + 0.5);
  return width === 0 ? formatNumber(from) : `${formatNumber(from)} … ${formatNumber(from + width)}`;
}
