/** Values of one operator against those of the reference. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { KeyedChart } from '../charts/keyed.tsx';
import { placeAfter } from '../charts/places.ts';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatExact } from '../lib/format.ts';
import { axisOf } from '../quantization/errors.ts';
import { useStore } from './context.ts';
import { CloseupAxes, FRAME, KINDS, realText, type CloseupProps } from './errors-pictures.tsx';

const { height: HEIGHT, left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM } = FRAME;

const SCATTERS = { value: 'values', error: 'errors' } as const;

export function Scatter({ operator, kind, found: { reference, value } }: CloseupProps) {
  const store = useStore();
  const shownAs = useSignal<keyof typeof SCATTERS>('value');
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 400).value;
  /** The element that the pointer or the keys are at. */
  const told = useSignal<number | null>(null);
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
  const at = told.value !== null && told.value < across.length ? told.value : null;
  const onKey = (key: string): boolean => {
    const places = [...across.keys()].sort((a, b) => across[a] - across[b] || upward[a] - upward[b]);
    const to = placeAfter(key, at === null ? -1 : places.indexOf(at), places.length);
    if (to !== null) told.value = places[to];
    else if (key === 'Enter') void store.goTo({ kind: 'operator', id: operator });
    else return false;
    return true;
  };
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
      <KeyedChart
        element={element}
        label={`${isError ? 'Errors' : 'Values'} of ${across.length} elements. Arrow keys go from one to the next by the reference, Enter shows the operator in the graph`}
        onKey={onKey}
        onBlur={() => (told.value = null)}
      >
        <svg
          class="errors-scatter"
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${isError ? 'Errors' : 'Values'} of ${across.length} elements by their reference`}
          onPointerMove={(event) => (told.value = nearest(event))}
          onPointerLeave={() => (told.value = null)}
          onClick={() => store.select([{ kind: 'operator', id: operator }])}
        >
          <CloseupAxes
            width={width}
            y={y}
            ticks={linearTicks(lowY, highY, 4)}
            x={x}
            across={linearTicks(lowX, highX, Math.max(2, Math.floor(width / 110)))}
            name="reference"
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
      </KeyedChart>
      <p class="muted chart-note" aria-live="polite">
        {at === null
          ? `${formatExact(across.length - 1)} elements of all samples, and the one with the largest error`
          : `${at === 0 ? 'the largest error: ' : ''}reference ${realText(across[at])}, this model ${realText(value[at])}, error ${realText(errors[at])}`}
      </p>
    </ChartFrame>
  );
}
