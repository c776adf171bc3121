/** The scale of a quantity: how its values are spread, and a range of them to filter by. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Group } from '../graph/hierarchy.ts';
import type { RangeClause } from '../lens/clause.ts';
import { NOTHING, type QuantityLens } from '../lens/lens.ts';
import { histogram, isOff, STEPS, valueAt } from '../lens/scale.ts';
import { binsOf, rangeOf, type Bins } from '../lens/brush.ts';
import { formatCount } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { LegendActions, useClause } from './legend.tsx';
import { Swatch } from './swatch.tsx';

const BIN = 8;
const WIDTH = STEPS * BIN;
const HEIGHT = 38;

interface Props {
  loaded: Loaded;
  lens: QuantityLens;
  root: Group;
}

export function ScaleLegend({ loaded, lens, root }: Props) {
  const store = useStore();
  const { column, scale } = lens;
  const [clause, write] = useClause(lens);
  const values = useMemo(
    () => Float64Array.from(loaded.hierarchy.order.subarray(root.start, root.end), (op) => column.values[op]),
    [loaded, column, root],
  );
  const missing = values.length - lens.rollUp.known(root);
  const range = clause?.kind === 'range' ? clause : null;
  const off = values.filter((value) => isOff(scale, value)).length;
  const negative = values.some((value) => value < 0);
  return (
    <>
      {missing === values.length ? (
        <p class="muted only">Known of no operator here.</p>
      ) : (
        <>
          <Histogram
            lens={lens}
            counts={histogram(scale, values, STEPS)}
            chosen={range === null ? null : binsOf(scale, range)}
            onChoose={(bins) => write(bins === null ? null : rangeOf(scale, bins))}
          />
          <div class="ends">
            <span title={exactQuantity(scale.low, column.unit)}>
              {formatQuantity(scale.low, column.unit)}
            </span>
            <span class="muted">{range === null ? '' : inWords(range, column.unit)}</span>
            <span title={exactQuantity(scale.high, column.unit)}>
              {formatQuantity(scale.high, column.unit)}
            </span>
          </div>
        </>
      )}
      {off > 0 && (
        <Extra
          color={NOTHING}
          lens={lens}
          name={negative ? 'zero or less' : 'zero'}
          count={off}
          isOn={range !== null && range.low === null && range.high === 0}
          onChoose={(isOn) => write(isOn ? { kind: 'range', low: null, high: 0, isOpen: false } : null)}
        />
      )}
      {missing > 0 && (
        <Extra
          color={0}
          lens={lens}
          name="not known"
          count={missing}
          isOn={clause?.kind === 'names' && clause.missing}
          onChoose={(isOn) => write(isOn ? { kind: 'names', names: [], missing: true } : null)}
        />
      )}
      <p class="foot" role="group" aria-label="Scale">
        {[false, true].map((log) => (
          <button
            key={String(log)}
            type="button"
            class="plain"
            aria-pressed={scale.log === log}
            title={log ? 'Even steps stand for even ratios' : 'Even steps stand for even differences'}
            onClick={() => store.setLensLog(log)}
          >
            {log ? 'log' : 'linear'}
          </button>
        ))}
      </p>
      <LegendActions clause={clause} onClear={() => write(null)} />
    </>
  );
}

interface ExtraProps {
  lens: QuantityLens;
  color: number;
  name: string;
  count: number;
  isOn: boolean;
  onChoose: (isOn: boolean) => void;
}

/** What has no place on the scale. */
function Extra({ lens, color, name, count, isOn, onChoose }: ExtraProps) {
  return (
    <button
      type="button"
      class="plain row"
      aria-pressed={isOn}
      title={`Show only these ${count}`}
      onClick={() => onChoose(!isOn)}
    >
      <Swatch swatch={lens.palette(useTheme())[color]} /> <span class="name">{name}</span>
      <span class="number muted">{formatCount(count)}</span>
    </button>
  );
}

function inWords({ low, high }: RangeClause, unit: string): string {
  const [from, to] = [low, high].map((bound) => (bound === null ? '' : formatQuantity(bound, unit)));
  return `${from} – ${to}`;
}

interface HistogramProps {
  lens: QuantityLens;
  counts: Int32Array;
  chosen: Bins | null;
  onChoose: (bins: Bins | null) => void;
}

/** Bars over the scale; dragging over them chooses a range, and so do the two sliders at its ends. */
function Histogram({ lens, counts, chosen, onChoose }: HistogramProps) {
  const dragged = useSignal<Bins | null>(null);
  const palette = lens.palette(useTheme());
  const most = Math.max(...counts);
  const shown = dragged.value ?? chosen;
  const binAt = (event: PointerEvent & { currentTarget: SVGSVGElement }): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(STEPS - 1, Math.floor(((event.clientX - left) / width) * STEPS)));
  };
  const begin = (event: PointerEvent & { currentTarget: SVGSVGElement }): void => {
    const { currentTarget: svg } = event;
    const from = binAt(event);
    dragged.value = { first: from, last: from };
    svg.setPointerCapture(event.pointerId);
    const move = (moved: Event): void => {
      const to = binAt(moved as PointerEvent & { currentTarget: SVGSVGElement });
      dragged.value = { first: Math.min(from, to), last: Math.max(from, to) };
    };
    svg.addEventListener('pointermove', move);
    svg.addEventListener(
      'pointerup',
      () => {
        svg.removeEventListener('pointermove', move);
        onChoose(dragged.peek());
        dragged.value = null;
      },
      { once: true },
    );
  };
  return (
    <div class="histogram">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 6}`}
        width={WIDTH}
        height={HEIGHT + 6}
        role="img"
        aria-label={`Histogram of ${lens.column.name}`}
        onPointerDown={begin}
      >
        {Array.from(counts, (count, bin) => {
          const height = count === 0 ? 0 : 2 + Math.sqrt(count / most) * (HEIGHT - 2);
          const isOut = shown !== null && (bin < shown.first || bin > shown.last);
          return (
            <g key={bin} opacity={isOut ? 0.25 : 1}>
              <title>{binTitle(lens, bin, count)}</title>
              <rect x={bin * BIN} y={0} width={BIN} height={HEIGHT + 6} fill="transparent" />
              <rect
                x={bin * BIN}
                y={HEIGHT - height}
                width={BIN - 1}
                height={height}
                fill={palette[1 + bin].strong}
              />
              <rect x={bin * BIN} y={HEIGHT + 1} width={BIN} height={5} fill={palette[1 + bin].strong} />
            </g>
          );
        })}
      </svg>
      <Handles lens={lens} chosen={shown} onChoose={onChoose} />
    </div>
  );
}

function binTitle({ scale, column }: QuantityLens, bin: number, count: number): string {
  const [from, to] = [bin, bin + 1].map((edge) => formatQuantity(valueAt(scale, edge / STEPS), column.unit));
  return `${from} – ${to}: ${count} operator${count === 1 ? '' : 's'}`;
}

/** The two ends of the range, for the keyboard. */
function Handles({ lens, chosen, onChoose }: Omit<HistogramProps, 'counts'>) {
  const { first, last } = chosen ?? { first: 0, last: STEPS - 1 };
  const move = (end: 'first' | 'last', event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const to = { Home: -STEPS, End: STEPS }[event.key] ?? step;
    if (to === undefined) return;
    event.preventDefault();
    onChoose(
      end === 'first'
        ? { first: Math.max(0, Math.min(first + to, last)), last }
        : { first, last: Math.min(STEPS - 1, Math.max(last + to, first)) },
    );
  };
  return (
    <>
      {(['first', 'last'] as const).map((end) => {
        const edge = end === 'first' ? first : last + 1;
        return (
          <span
            key={end}
            class={chosen === null ? 'handle' : 'handle set'}
            role="slider"
            tabIndex={0}
            aria-label={end === 'first' ? 'From' : 'To'}
            aria-valuemin={0}
            aria-valuemax={STEPS}
            aria-valuenow={edge}
            aria-valuetext={formatQuantity(valueAt(lens.scale, edge / STEPS), lens.column.unit)}
            style={{ left: `${edge * BIN}px` }}
            onKeyDown={(event) => move(end, event)}
          />
        );
      })}
    </>
  );
}
