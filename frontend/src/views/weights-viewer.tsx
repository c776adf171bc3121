/** What one tensor holds: a picture, filters or numbers of a part of it, its histogram, and all of it as a file. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import type { TensorHistogram } from '../host/source.ts';
import type { Loaded } from '../state/store.ts';
import { channelAxis, channelRows, filterRows, otherAxes, type Layout } from '../weights/axes.ts';
import { rowOf } from '../wire/csr.ts';
import { tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { HistogramChart } from './histogram-chart.tsx';
import { OperatorLink, TensorType } from './links.tsx';
import { useLatest, useRemote } from './remote.ts';
import { Filters, HeatMap } from './weights-picture.tsx';
import { Numbers } from './weights-numbers.tsx';

const MODES = ['Heat map', 'Filters', 'Numbers'] as const;
type Mode = (typeof MODES)[number];

export function TensorViewer({ loaded, tensor }: { loaded: Loaded; tensor: number }) {
  const store = useStore();
  const { model } = loaded;
  const remote = useRemote(() => store.source.histogram(loaded.id, tensor, null));
  const { value: whole, error } = remote.value;
  const readers = [...new Set(rowOf(model.consumers, tensor))].slice(0, 3);
  return (
    <>
      <header class="viewer-head">
        <h2>Values</h2>
        <span class="viewer-name" title={tensorName(model, tensor)}>
          {tensorName(model, tensor) || `tensor ${tensor}`}
        </span>
        <TensorType model={model} id={tensor} />
        {readers.map((id) => (
          <OperatorLink key={id} model={model} id={id} />
        ))}
        <span class="spacer" />
        <Downloads loaded={loaded} tensor={tensor} whole={whole} />
      </header>
      {error !== null && <p class="muted">{error}.</p>}
      {whole === null ? (
        <div class="viewer-waiting">{error === null && <p class="muted">reading …</p>}</div>
      ) : (
        <Values loaded={loaded} tensor={tensor} whole={whole} />
      )}
    </>
  );
}

function Downloads({
  loaded,
  tensor,
  whole,
}: {
  loaded: Loaded;
  tensor: number;
  whole: TensorHistogram | null;
}) {
  const { source } = useStore();
  const stored = source.npyUrl(loaded.id, tensor, false);
  const real = source.npyUrl(loaded.id, tensor, true);
  if (whole === null || stored === null || real === null) return null;
  return (
    <span class="downloads">
      <a
        href={stored}
        download
        title="The whole tensor as numpy.load reads it; packed types one byte a value"
      >
        .npy
      </a>
      {whole.reading === 'scaled' && (
        <a href={real} download title="Real values as float32">
          .npy real
        </a>
      )}
    </span>
  );
}

/** What of a tensor is looked at. */
export interface Shown {
  shape: number[];
  layout: Layout;
  at: number[];
  real: boolean;
}

function Values({ loaded, tensor, whole }: { loaded: Loaded; tensor: number; whole: TensorHistogram }) {
  const shape = Array.from(rowOf(loaded.model.tensorShape, tensor));
  const channel = channelAxis(shape, whole.groups?.axis ?? null);
  const filters = filterRows(shape, channel);
  const mode = useSignal<Mode>('Heat map');
  const real = useSignal(whole.real !== null);
  const layout = useSignal<Layout>(channelRows(shape, channel));
  const at = useSignal<number[]>(shape.map(() => 0));
  const isFilters = mode.value === 'Filters' && filters !== null;
  const used = isFilters ? filters : layout.value;
  const shown: Shown = {
    shape,
    layout: used,
    at: otherAxes(shape.length, used).map((axis) => at.value[axis]),
    real: real.value,
  };
  const key = JSON.stringify(shown.layout) + String(shown.at);
  return (
    <div class="viewer">
      <div class="viewer-controls">
        <div class="section-tabs" role="tablist" aria-label="Ways to see the values">
          {MODES.filter((name) => name !== 'Filters' || filters !== null).map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={mode.value === name}
              onClick={() => (mode.value = name)}
            >
              {name}
            </button>
          ))}
        </div>
        {whole.real !== null && (
          <select
            aria-label="Values that are shown"
            value={real.value ? 'real' : 'stored'}
            onChange={(event) => (real.value = event.currentTarget.value === 'real')}
          >
            <option value="real">real values</option>
            <option value="stored">stored values</option>
          </select>
        )}
        {whole.reading === 'unknown' && (
          <span
            class="muted"
            title="The tensor's scales are of a kind that is not read here, or do not fit its shape"
          >
            stored values; real ones are not known
          </span>
        )}
        <Axes shape={shape} layout={isFilters ? null : layout} used={used} at={at} />
      </div>
      <div class="viewer-body">
        <div>
          {isFilters && <Filters key={key} loaded={loaded} tensor={tensor} shown={shown} channel={channel} />}
          {mode.value === 'Heat map' && <HeatMap key={key} loaded={loaded} tensor={tensor} shown={shown} />}
          {mode.value === 'Numbers' && <Numbers key={key} loaded={loaded} tensor={tensor} shown={shown} />}
        </div>
        <ValueHistogram loaded={loaded} tensor={tensor} whole={whole} real={real.value} />
      </div>
    </div>
  );
}

interface AxesProps {
  shape: number[];
  /** Null where rows and columns are given. */
  layout: Signal<Layout> | null;
  used: Layout;
  at: Signal<number[]>;
}

/** What each axis of more than one place makes: rows, columns, or a place that is looked at. */
function Axes({ shape, layout, used, at }: AxesProps) {
  const long = shape.map((_, axis) => axis).filter((axis) => shape[axis] > 1);
  if (long.length < 2) return null;
  const give = (axis: number, role: string): void => {
    if (layout === null) return;
    const without = (axes: number[]): number[] => axes.filter((one) => one !== axis);
    const [rows, columns] = [without(layout.value.rows), without(layout.value.columns)];
    if (role === 'rows') rows.push(axis);
    if (role === 'columns') columns.push(axis);
    const ascending = (a: number, b: number): number => a - b;
    layout.value = { rows: rows.sort(ascending), columns: columns.sort(ascending) };
  };
  const roleOf = (axis: number): string =>
    used.rows.includes(axis) ? 'rows' : used.columns.includes(axis) ? 'columns' : 'at';
  return (
    <span class="axes">
      {long.map((axis) => (
        <span key={axis} class="axis">
          <span class="muted">
            axis {axis} ({shape[axis]})
          </span>
          {layout !== null && (
            <select
              aria-label={`Axis ${axis}`}
              value={roleOf(axis)}
              onChange={(event) => give(axis, event.currentTarget.value)}
            >
              <option value="rows">rows</option>
              <option value="columns">columns</option>
              <option value="at">at</option>
            </select>
          )}
          {roleOf(axis) === 'at' && (
            <PlaceInput
              label={`Place on axis ${axis}`}
              count={shape[axis]}
              value={at.value[axis]}
              onChange={(place) => (at.value = at.value.map((old, one) => (one === axis ? place : old)))}
            />
          )}
        </span>
      ))}
    </span>
  );
}

interface PlaceInputProps {
  label: string;
  count: number;
  value: number;
  onChange: (place: number) => void;
}

export function PlaceInput({ label, count, value, onChange }: PlaceInputProps) {
  const input = useRef<HTMLInputElement>(null);
  // By hand, and only when the place changes: what is being typed stays while something else is drawn anew.
  useEffect(() => {
    if (input.current !== null) input.current.value = String(value);
  }, [value]);
  return (
    <input
      ref={input}
      type="number"
      aria-label={label}
      min={0}
      max={count - 1}
      onChange={(event) => {
        const place = Math.min(Math.max(Math.floor(Number(event.currentTarget.value)) || 0, 0), count - 1);
        event.currentTarget.value = String(place);
        onChange(place);
      }}
    />
  );
}

interface ValueHistogramProps {
  loaded: Loaded;
  tensor: number;
  whole: TensorHistogram;
  real: boolean;
}

/** Of all values, or of those with one of several scales. */
function ValueHistogram({ loaded, tensor, whole, real }: ValueHistogramProps) {
  const { source } = useStore();
  const channel = useSignal<number | null>(null);
  const { groups } = whole;
  const remote = useLatest(String(channel.value), () =>
    channel.value === null ? Promise.resolve(whole) : source.histogram(loaded.id, tensor, channel.value),
  );
  const { value, error } = remote.value;
  return (
    <div>
      <HistogramChart histogram={value ?? whole} real={real} name={`histogram-${tensor}`} />
      {error !== null && <p class="error-text">{error}</p>}
      {groups !== null && (
        <p class="axis">
          <label>
            <input
              type="checkbox"
              checked={channel.value !== null}
              onChange={(event) => (channel.value = event.currentTarget.checked ? 0 : null)}
            />{' '}
            only {groups.kind}
          </label>
          {channel.value !== null && (
            <PlaceInput
              label={`Number of the ${groups.kind}`}
              count={groups.count}
              value={channel.value}
              onChange={(place) => (channel.value = place)}
            />
          )}
          <span class="muted">
            of {groups.count} with scales of their own{groups.axis !== null && `, on axis ${groups.axis}`}
          </span>
        </p>
      )}
    </div>
  );
}
