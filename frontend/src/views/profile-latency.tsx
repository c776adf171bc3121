/** How long inferences take: their distribution, and one after the other, where heat and neighbours show. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { placeAt } from '../charts/places.ts';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import type { Profile } from '../profile/profile.ts';
import { bandOf, fenceOf, histogramOf, spreadOf, type Spread } from '../profile/statistics.ts';

const HEIGHT = 120;
const BOTTOM = 18;
const LEFT = 46;
const BINS = 48;

export function LatencyCharts({ profile }: { profile: Profile }) {
  const samples = profile.trace.latency.map((ns) => ns / 1000);
  const spread = spreadOf(samples);
  if (spread === null)
    return (
      <section class="card">
        <p class="muted">
          The profile has no samples of whole inferences, so there is no distribution to show.
        </p>
      </section>
    );
  return (
    <section class="card">
      <LatencyFacts spread={spread} runs={profile.trace.latencyRuns} />
      <div class="side-by-side">
        <Distribution samples={samples} spread={spread} />
        <Strip samples={samples} spread={spread} />
      </div>
    </section>
  );
}

function LatencyFacts({ spread, runs }: { spread: Spread; runs: number }) {
  const facts: [name: string, value: string, explain: string][] = [
    [
      'median',
      formatQuantity(spread.median, 'us'),
      `${exactQuantity(spread.median, 'us')}, without the profiler`,
    ],
    ['5th percentile', formatQuantity(spread.p5, 'us'), 'One inference in twenty is faster'],
    ['95th percentile', formatQuantity(spread.p95, 'us'), 'One inference in twenty is slower'],
    ['deviation', formatQuantity(spread.mad, 'us'), 'Median of the distances from the median'],
    [
      'drift',
      spread.drift === null
        ? 'not known'
        : `${spread.drift < 0 ? '−' : '+'}${formatPercent(Math.abs(spread.drift))}`,
      'How much slower the last quarter of the inferences was than the first',
    ],
    ['inferences', runs.toLocaleString('en'), 'Timed without the profiler'],
  ];
  return (
    <dl class="figures">
      {facts.map(([name, value, explain]) => (
        <div key={name} title={explain}>
          <dd>{value}</dd>
          <dt>{name}</dt>
        </div>
      ))}
    </dl>
  );
}

function Distribution({ samples, spread }: { samples: Float64Array; spread: Spread }) {
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  const at = useSignal<number | null>(null);
  const histogram = histogramOf(samples, BINS);
  const { low, high, counts, above } = histogram;
  const most = Math.max(...counts, 1);
  const x = (us: number): number => 4 + ((width - 8) * (us - low)) / (high - low || 1);
  const bin = (width - 8) / BINS;
  const edge = (place: number): number => low + ((high - low) * place) / BINS;
  const csv = (): string =>
    csvText(
      ['from [us]', 'to [us]', 'inferences'],
      Array.from(counts, (count, place) => [edge(place), edge(place + 1), count]),
    );
  return (
    <ChartFrame
      title="Distribution"
      explain="How many inferences took how long, without the profiler; those far from the middle half (more than three times its width) are counted beyond the right end"
      name="latency-distribution"
      csv={csv}
    >
      <div ref={element}>
        <svg
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`Distribution of ${samples.length} inferences, median ${formatQuantity(spread.median, 'us')}`}
          onPointerMove={(event) => (at.value = placeAt(event, 4, width - 8, BINS))}
          onPointerLeave={() => (at.value = null)}
        >
          {Array.from(counts, (count, place) => {
            const height = ((HEIGHT - BOTTOM - 4) * count) / most;
            return (
              <rect
                key={place}
                class={at.value === place ? 'chart-bar current' : 'chart-bar'}
                x={4 + place * bin}
                y={HEIGHT - BOTTOM - height}
                width={Math.max(bin - 1, 0.5)}
                height={height}
              />
            );
          })}
          <line
            class="chart-cursor"
            x1={x(spread.median)}
            x2={x(spread.median)}
            y1="2"
            y2={HEIGHT - BOTTOM}
          />
          <Axis low={low} high={high} x={x} width={width} />
        </svg>
      </div>
      <p class="muted chart-note">
        {at.value === null
          ? `the line is the median${above > 0 ? `; ${above.toLocaleString('en')} slower than ${formatQuantity(high, 'us')}` : ''}`
          : `${counts[at.value].toLocaleString('en')} inferences from ${formatQuantity(edge(at.value), 'us')} to ${formatQuantity(edge(at.value + 1), 'us')}`}
      </p>
    </ChartFrame>
  );
}

function Axis({
  low,
  high,
  x,
  width,
}: {
  low: number;
  high: number;
  x: (us: number) => number;
  width: number;
}) {
  return (
    <g class="chart-axis">
      <line x1="4" x2={width - 4} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
      {linearTicks(low, high, Math.max(2, width / 90)).map((tick) => (
        <text key={tick} x={Math.min(Math.max(x(tick), 22), width - 26)} y={HEIGHT - 4} text-anchor="middle">
          {formatQuantity(tick, 'us')}
        </text>
      ))}
    </g>
  );
}

/** Every inference in its order; where there are more than pixels, their range and median. */
function Strip({ samples, spread }: { samples: Float64Array; spread: Spread }) {
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  const at = useSignal<number | null>(null);
  const inner = width - LEFT - 4;
  const band = bandOf(samples, Math.max(1, Math.floor(inner / 2)));
  const count = band.median.length;
  const sorted = samples.toSorted();
  // What is far out is drawn at the upper end: one interruption must not flatten all others.
  const high = Math.max(fenceOf(sorted) * 1.05, spread.median * 1.2);
  const low = sorted[0] * 0.95;
  const y = (us: number): number =>
    4 + (HEIGHT - BOTTOM - 4) * (1 - (Math.min(us, high) - low) / (high - low || 1));
  const x = (column: number): number => LEFT + ((column + 0.5) * inner) / count;
  const median = Array.from(band.median, (us, i) => `${i === 0 ? 'M' : 'L'}${x(i)} ${y(us)}`).join('');
  const column = at.value;
  return (
    <ChartFrame
      title="One after the other"
      explain="The inferences in the order in which they ran; a rise is heat, or something else that the machine did"
      name="latency-inferences"
      csv={() =>
        csvText(
          ['inference', 'time [us]'],
          Array.from(samples, (us, i) => [i, us]),
        )
      }
    >
      <div ref={element}>
        <svg
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${samples.length} inferences in the order in which they ran`}
          onPointerMove={(event) => (at.value = placeAt(event, LEFT, inner, count))}
          onPointerLeave={() => (at.value = null)}
        >
          <ValueAxis
            ticks={linearTicks(low, high, 3)}
            y={y}
            left={LEFT}
            right={width - 4}
            text={(us) => formatQuantity(us, 'us')}
          />
          {Array.from(band.low, (us, i) => (
            <line
              key={i}
              class={i === column ? 'chart-range current' : 'chart-range'}
              x1={x(i)}
              x2={x(i)}
              y1={y(us) + 0.5}
              y2={y(band.high[i]) - 0.5}
            />
          ))}
          <path class="chart-line" d={median} />
        </svg>
      </div>
      <p class="muted chart-note">
        {column === null
          ? 'range and median from left to right'
          : `from inference ${band.first[column].toLocaleString('en')}: ${formatQuantity(band.low[column], 'us')} … ${formatQuantity(band.high[column], 'us')}, median ${formatQuantity(band.median[column], 'us')}`}
      </p>
    </ChartFrame>
  );
}
