/** A value per channel as a step line on a logarithmic axis, the value under the pointer in words. */
import { useSignal } from '@preact/signals';
import { formatNumber } from '../lib/format.ts';

const WIDTH = 280;
const HEIGHT = 90;

export function ChannelChart({ values, label }: { values: number[]; label: string }) {
  const at = useSignal<number | null>(null);
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.log10(positive.reduce((a, b) => Math.min(a, b), Infinity));
  const high = Math.log10(positive.reduce((a, b) => Math.max(a, b), 0));
  const span = Math.max(high - low, 1e-3);
  const y = (value: number): number =>
    value > 0 && Number.isFinite(value) ? 4 + (HEIGHT - 8) * (1 - (Math.log10(value) - low) / span) : HEIGHT;
  const step = WIDTH / values.length;
  const path = values
    .map((value, i) => `${i === 0 ? 'M' : 'L'}${i * step} ${y(value)}H${(i + 1) * step}`)
    .join('');
  const channel = at.value;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${label} of ${values.length} channels, logarithmic`}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          at.value = Math.min(
            values.length - 1,
            Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * values.length)),
          );
        }}
        onPointerLeave={() => (at.value = null)}
      >
        <path d={path} class="chart-line" />
        {channel !== null && (
          <line
            x1={(channel + 0.5) * step}
            x2={(channel + 0.5) * step}
            y1="0"
            y2={HEIGHT}
            class="chart-cursor"
          />
        )}
      </svg>
      <figcaption class="muted">
        {channel === null
          ? `${label} by channel, logarithmic: ${formatNumber(10 ** low)} … ${formatNumber(10 ** high)}`
          : `channel ${channel}: ${formatNumber(values[channel])}`}
      </figcaption>
    </figure>
  );
}
