/** Values as colours: a rectangle of the tensor as a heat map, or filter by filter. */
import { useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { linearTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatNumber } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { indexOf } from '../weights/axes.ts';
import { cssOf, galleryOf, inGallery, pixels, reach } from '../weights/pixels.ts';
import type { Column } from '../wire/container.ts';
import type { Slice } from '../wire/slice.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { useLatest } from './remote.ts';
import type { Shown } from './weights-viewer.tsx';

const LEFT = 44;
const TOP = 16;
const BOTTOM = 34;
const HEIGHT = 400;
/** A cell is at most so many pixels wide and high. */
const MOST_CELL = 18;
const MOST_GALLERY_CELL = 26;
const MOST: [number, number] = [320, 640];
/** Cells that the server answers at most. */
const MOST_CELLS = 1 << 18;
const MOST_FILTERS = 256;
const KEY_STEPS = 40;

interface PictureProps {
  loaded: Loaded;
  tensor: number;
  shown: Shown;
}

interface Part {
  begin: [number, number];
  size: [number, number];
}

/** The values of a slice that are looked at. */
export function valuesOf(slice: Slice, real: boolean): Column {
  return real ? (slice.real ?? slice.stored) : slice.stored;
}

/** A value of a slice in words: where it is in the tensor, as stored and as real. */
export function describeCell(slice: Slice, shown: Shown, row: number, column: number): string {
  const [first, left] = slice.begin;
  const index = indexOf(
    shown.shape,
    shown.layout,
    shown.at,
    first + row * slice.step[0],
    left + column * slice.step[1],
  );
  const cell = row * slice.size[1] + column;
  const stored = `stored ${exact(slice.stored[cell])}`;
  const real = slice.real === null ? '' : `, real ${exact(slice.real[cell])}`;
  return `[${index.join(', ')}]: ${stored}${real}`;
}

function exact(value: number): string {
  return Number.isFinite(value) ? formatNumber(value) : String(value);
}

export function HeatMap({ loaded, tensor, shown }: PictureProps) {
  const { source } = useStore();
  const part = useSignal<Part | null>(null);
  const { begin, size } = part.value ?? { begin: [0, 0] as const, size: [2 ** 40, 2 ** 40] as const };
  const { rows, columns } = shown.layout;
  const remote = useLatest(JSON.stringify(part.value), () =>
    source.slice(loaded.id, tensor, { rows, columns, at: shown.at, begin, size, most: MOST }),
  );
  const { value: slice, error } = remote.value;
  if (error !== null) return <p class="error-text">{error}</p>;
  if (slice === null) return <div class="viewer-waiting" />;
  const zoom = (row: number, column: number): void => {
    // A quarter of what is seen, around the place.
    const around = (side: 0 | 1, place: number): [number, number] => {
      const seen = slice.size[side] * slice.step[side];
      const extent = Math.max(Math.ceil(seen / 4), Math.min(32, seen));
      const middle = slice.begin[side] + place * slice.step[side];
      const last = Math.max(slice.begin[side] + seen - extent, 0);
      return [Math.min(Math.max(middle - Math.floor(extent / 2), 0), last), extent];
    };
    const [down, across] = [around(0, row), around(1, column)];
    part.value = { begin: [down[0], across[0]], size: [down[1], across[1]] };
  };
  return (
    <ChartFrame
      title="Heat map"
      explain="A cell is a value: blue below zero, orange above, the stronger the farther from it; pink is infinite or no number"
      name={`values-${tensor}`}
      csv={() => csvOf(slice, shown.real)}
      controls={
        part.value !== null && (
          <button type="button" onClick={() => (part.value = null)}>
            Whole
          </button>
        )
      }
    >
      <Picture slice={slice} shown={shown} onZoom={zoom} />
    </ChartFrame>
  );
}

interface MatrixProps {
  slice: Slice;
  shown: Shown;
  onZoom: (row: number, column: number) => void;
}

function Picture({ slice, shown, onZoom }: MatrixProps) {
  const theme = useTheme();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 600).value;
  const at = useSignal<[number, number] | null>(null);
  const values = valuesOf(slice, shown.real);
  const [rows, columns] = slice.size;
  const most = useMemo(() => reach(values), [values]);
  const url = useMemo(
    () => urlOf(pixels(values, most, theme.dark), columns, rows),
    [values, most, theme.dark, columns, rows],
  );
  const across = Math.min(width - LEFT - 4, columns * MOST_CELL);
  const down = Math.min(HEIGHT, rows * MOST_CELL);
  const [wide, high] = [across / columns, down / rows];
  const cellAt = (event: PointerEvent | MouseEvent): [number, number] | null => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - LEFT) / wide);
    const row = Math.floor((event.clientY - box.top - TOP) / high);
    return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
  };
  const ticks = (side: 0 | 1, count: number): number[] => {
    const end = slice.begin[side] + slice.size[side] * slice.step[side] - 1;
    return linearTicks(slice.begin[side], end, Math.max(count, 1)).filter(Number.isInteger);
  };
  const place = (side: 0 | 1, tick: number): number => (tick - slice.begin[side]) / slice.step[side] + 0.5;
  const hovered = at.value;
  const isWhole = slice.step[0] === 1 && slice.step[1] === 1;
  return (
    <div ref={element} class="heat-map">
      {/* Zooming is a convenience of pointers: axes and places can be chosen from the keyboard. */}
      <svg
        width="100%"
        height={TOP + down + BOTTOM}
        viewBox={`0 0 ${width} ${TOP + down + BOTTOM}`}
        role="img"
        aria-label={`${rows} × ${columns} values`}
        onPointerMove={(event) => (at.value = cellAt(event))}
        onPointerLeave={() => (at.value = null)}
        onClick={(event) => {
          const cell = cellAt(event);
          if (cell !== null) onZoom(...cell);
        }}
      >
        <image
          href={url}
          x={LEFT}
          y={TOP}
          width={across}
          height={down}
          preserveAspectRatio="none"
          style="image-rendering: pixelated"
        />
        <g class="chart-axis">
          {ticks(0, down / 40).map((tick) => (
            <text key={tick} x={LEFT - 5} y={TOP + place(0, tick) * high + 4} text-anchor="end">
              {tick}
            </text>
          ))}
          {ticks(1, across / 60).map((tick) => (
            <text key={tick} x={LEFT + place(1, tick) * wide} y={TOP - 4} text-anchor="middle">
              {tick}
            </text>
          ))}
        </g>
        <ColorKey most={most} y={TOP + down + 8} />
      </svg>
      <p class="muted chart-note">
        {hovered !== null
          ? describeCell(slice, shown, ...hovered)
          : isWhole
            ? `${slice.matrix.join(' × ')} in all; click zooms in`
            : `${slice.matrix.join(' × ')} in all: ${everySo(slice.step[0], 'row')} and ${everySo(slice.step[1], 'column')} is drawn; click zooms in`}
      </p>
    </div>
  );
}

function everySo(step: number, name: string): string {
  if (step === 1) return `every ${name}`;
  const ending =
    step % 10 === 2 && step % 100 !== 12
      ? 'nd'
      : step % 10 === 3 && step % 100 !== 13
        ? 'rd'
        : step % 10 === 1 && step % 100 !== 11
          ? 'st'
          : 'th';
  return `every ${step}${ending} ${name}`;
}

/** What the colours mean. */
function ColorKey({ most, y }: { most: number; y: number }) {
  const theme = useTheme();
  return (
    <g>
      {Array.from({ length: KEY_STEPS }, (_, step) => (
        <rect
          key={step}
          x={LEFT + 60 + 4 * step}
          y={y}
          width={4.2}
          height={10}
          style={{ fill: cssOf(-most + (2 * most * (step + 0.5)) / KEY_STEPS, most, theme.dark) }}
        />
      ))}
      <text x={LEFT + 55} y={y + 9} text-anchor="end">
        {formatNumber(Number((-most).toPrecision(3)))}
      </text>
      <text x={LEFT + 65 + 4 * KEY_STEPS} y={y + 9}>
        {formatNumber(Number(most.toPrecision(3)))}
      </text>
    </g>
  );
}

/** Pixels as an address that a picture, also one in a file, carries with it. */
function urlOf(data: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.toDataURL('image/png');
}

export function Filters({ loaded, tensor, shown, channel }: PictureProps & { channel: number }) {
  const { source } = useStore();
  const page = useSignal(0);
  const { shape, layout } = shown;
  const [height, width] = [shape[layout.rows[1]], shape[layout.columns[0]]];
  const count = shape[channel];
  const each = Math.min(count, MOST_FILTERS, Math.floor(MOST_CELLS / (height * width)));
  const pages = Math.ceil(count / Math.max(each, 1));
  const begin: [number, number] = [page.value * each * height, 0];
  const size: [number, number] = [each * height, width];
  const remote = useLatest(String(page.value), () =>
    each < 1
      ? Promise.reject(
          new Error('a filter has more values than are drawn at once; the heat map shows parts of it'),
        )
      : source.slice(loaded.id, tensor, { ...layout, at: shown.at, begin, size, most: size }),
  );
  const { value: slice, error } = remote.value;
  if (error !== null) return <p class="error-text">{error}</p>;
  if (slice === null) return <div class="viewer-waiting" />;
  return (
    <ChartFrame
      title={`Filters of ${height} × ${width}, by place on axis ${channel}`}
      explain="A picture is an output channel: blue below zero, orange above; all have the same scale of colours"
      name={`filters-${tensor}`}
      csv={() => csvOf(slice, shown.real)}
      controls={
        pages > 1 && (
          <>
            <button type="button" disabled={page.value === 0} onClick={() => page.value--}>
              ‹
            </button>
            <span class="muted">
              {page.value * each} … {Math.min((page.value + 1) * each, count) - 1} of {count}
            </span>
            <button type="button" disabled={page.value + 1 === pages} onClick={() => page.value++}>
              ›
            </button>
          </>
        )
      }
    >
      <GalleryView slice={slice} shown={shown} height={height} width={width} />
    </ChartFrame>
  );
}

interface GalleryProps {
  slice: Slice;
  shown: Shown;
  height: number;
  width: number;
}

function GalleryView({ slice, shown, height, width }: GalleryProps) {
  const theme = useTheme();
  const element = useRef<HTMLDivElement>(null);
  const room = useWidth(element, 600).value;
  const at = useSignal<[number, number] | null>(null);
  const values = valuesOf(slice, shown.real);
  const most = useMemo(() => reach(values), [values]);
  const gallery = galleryOf(slice.size[0] / height, height, width, room / HEIGHT);
  const url = useMemo(() => {
    const flat = pixels(values, most, theme.dark);
    const data = new Uint8ClampedArray(4 * gallery.width * gallery.height); // transparent between the pictures
    for (let row = 0; row < slice.size[0]; row++)
      for (let column = 0; column < width; column++) {
        const { x, y } = inGallery(gallery, { height, width }, row, column);
        const from = 4 * (row * width + column);
        data.set(flat.subarray(from, from + 4), 4 * (y * gallery.width + x));
      }
    return urlOf(data, gallery.width, gallery.height);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the gallery follows from the numbers listed
  }, [values, most, theme.dark, gallery.across, height, width]);
  const cell = Math.min(MOST_GALLERY_CELL, (room - 4) / gallery.width, HEIGHT / gallery.height);
  const down = cell * gallery.height;
  const find = (event: PointerEvent): [number, number] | null => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [
      Math.floor((event.clientX - box.left) / cell),
      Math.floor((event.clientY - box.top) / cell),
    ];
    const [column, row] = [x % (width + 1), y % (height + 1)];
    if (x < 0 || x >= gallery.width || y < 0 || column === width || row === height) return null;
    const picture = Math.floor(y / (height + 1)) * gallery.across + Math.floor(x / (width + 1));
    const inside = picture * height + row;
    return inside < slice.size[0] ? [inside, column] : null;
  };
  return (
    <div ref={element} class="heat-map">
      <svg
        width="100%"
        height={down + BOTTOM}
        viewBox={`0 0 ${room} ${down + BOTTOM}`}
        role="img"
        aria-label={`${slice.size[0] / height} filters`}
        onPointerMove={(event) => (at.value = find(event))}
        onPointerLeave={() => (at.value = null)}
      >
        <image
          href={url}
          width={cell * gallery.width}
          height={down}
          preserveAspectRatio="none"
          style="image-rendering: pixelated"
        />
        <ColorKey most={most} y={down + 8} />
      </svg>
      <p class="muted chart-note">{at.value === null ? '' : describeCell(slice, shown, ...at.value)}</p>
    </div>
  );
}

/** The matrix as it was drawn, with the places of its rows and columns. */
function csvOf(slice: Slice, real: boolean): string {
  const values = valuesOf(slice, real);
  const [rows, columns] = slice.size;
  const places = (side: 0 | 1, count: number): number[] =>
    Array.from({ length: count }, (_, i) => slice.begin[side] + i * slice.step[side]);
  return csvText(
    ['row', ...places(1, columns).map(String)],
    places(0, rows).map((row, i) => [row, ...Array.from(values.subarray(i * columns, (i + 1) * columns))]),
  );
}
