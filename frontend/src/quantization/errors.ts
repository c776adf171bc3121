/** What a report of errors of layers says, as the tab shows it. No DOM in here. */
import { compareFigures } from '../lib/order.ts';
import type { Closeup, Kind } from '../wire/closeups.ts';
import { quantityOf, type Report } from '../wire/report.ts';

/** A figure that can be drawn along the network. */
export interface ErrorFigure {
  /** Of the column; that of the operator alone has `local_` before it. */
  key: string;
  name: string;
  unit: string;
  explain: string;
  isLog: boolean;
  isHighGood: boolean;
  /** Beyond it values are drawn at the end of the axis, as long as others are not: they are alike good. */
  most?: number;
  /** A value to hold the others against. */
  mark?: { at: number; text: string };
}

export const FIGURES: readonly ErrorFigure[] = [
  {
    key: 'sqnr_db',
    name: 'SQNR',
    unit: 'dB',
    explain:
      'Signal over noise: 10 log10 of squared reference by squared error; higher is better, and what is above 100 dB is drawn at the upper edge',
    isLog: false,
    isHighGood: true,
    // An error of a hundred-thousandth: float32 has little more, and what is below would be pressed together.
    most: 100,
    mark: { at: 20, text: 'a tenth is lost' },
  },
  {
    key: 'rmse_scale',
    name: 'RMSE / scale',
    unit: '1',
    explain: 'Root of the mean squared error in steps of the output’s scale, logarithmic; lower is better',
    isLog: true,
    isHighGood: false,
    mark: { at: 1 / Math.sqrt(12), text: 'rounding alone' },
  },
  {
    key: 'rmse',
    name: 'RMSE',
    unit: '1',
    explain: 'Root of the mean squared error in the unit of the values, logarithmic; lower is better',
    isLog: true,
    isHighGood: false,
  },
  {
    key: 'max_error',
    name: 'Largest error',
    unit: '1',
    explain: 'Largest absolute error in the unit of the values, logarithmic; lower is better',
    isLog: true,
    isHighGood: false,
  },
  {
    key: 'value',
    name: 'Figure of the file',
    unit: '1',
    explain: 'The figure in the file that was read, which does not name it',
    isLog: false,
    isHighGood: false,
  },
];

/** An operator along the network; NaN where a figure is not known. */
export interface ErrorPoint {
  operator: number;
  whole: number;
  local: number;
  /** Nothing differs: its SQNR is infinite. */
  isEqual: boolean;
  isLocalEqual: boolean;
}

/** The figures that a report has, in the order in which they are offered. */
export function figuresIn(report: Report): ErrorFigure[] {
  const has = (key: string): boolean => {
    const column = report.columns.find(({ name }) => name === key);
    return column?.kind === 'quantity' && column.values.some(Number.isFinite);
  };
  return FIGURES.filter(({ key }) => has(key) || has(`local_${key}`));
}

/** The operators that a figure is known of, in the order of execution. */
export function errorPoints(report: Report, { key, isHighGood }: ErrorFigure): ErrorPoint[] {
  const rows = report.columns.at(0)?.rows ?? 0;
  const [whole, local, rmse, localRmse] = [key, `local_${key}`, 'rmse', 'local_rmse'].map((name) =>
    quantityOf(report, name, rows),
  );
  const points: ErrorPoint[] = [];
  for (let operator = 0; operator < rows; operator++) {
    const point = {
      operator,
      whole: whole[operator],
      local: local[operator],
      isEqual: rmse[operator] === 0,
      isLocalEqual: localRmse[operator] === 0,
    };
    const isKnown = !Number.isNaN(point.whole) || !Number.isNaN(point.local);
    if (isKnown || (isHighGood && (point.isEqual || point.isLocalEqual))) points.push(point);
  }
  return points;
}

/** How bad a figure is: the larger the worse, below all others where nothing differs, NaN where it is not known. */
export function badness(point: ErrorPoint, kind: Kind, { isHighGood }: ErrorFigure): number {
  const value = point[kind];
  if (Number.isNaN(value)) return (kind === 'whole' ? point.isEqual : point.isLocalEqual) ? -Infinity : NaN;
  return isHighGood ? -value : value;
}

/** The worst first; those of which it is not known last. */
export function worstFirst(points: readonly ErrorPoint[], kind: Kind, figure: ErrorFigure): ErrorPoint[] {
  return [...points].sort(
    (a, b) =>
      compareFigures(badness(a, kind, figure), badness(b, kind, figure), false) || a.operator - b.operator,
  );
}

/** At most so many points: of neighbours that do not find room the worst stands for all. */
export function thinned(
  points: readonly ErrorPoint[],
  most: number,
  kind: Kind,
  figure: ErrorFigure,
): ErrorPoint[] {
  const step = Math.ceil(points.length / Math.max(most, 1));
  if (step <= 1) return [...points];
  const kept: ErrorPoint[] = [];
  for (let start = 0; start < points.length; start += step)
    kept.push(worstFirst(points.slice(start, start + step), kind, figure)[0]);
  return kept;
}

/**
 * The ends of an axis that holds all values with some air; null where there is no value for it. Values above `most` count only
 * where all are.
 */
export function axisOf(
  values: Iterable<number>,
  isLog: boolean,
  most = Infinity,
): [low: number, high: number] | null {
  const all = Array.from(values).filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  const some = all.filter((value) => value <= most);
  const counted = some.length > 0 ? some : all;
  if (counted.length === 0) return null;
  const low = counted.reduce((least, value) => Math.min(least, value));
  const high = counted.reduce((greatest, value) => Math.max(greatest, value));
  if (isLog) return [low / 1.5, high * 1.5];
  const air = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
}

/** What can be shown of the channels of an output. */
export const CHANNEL_FIGURES = { rmse: 'RMSE', sqnr: 'SQNR', mean: 'mean error' } as const;
export type ChannelFigure = keyof typeof CHANNEL_FIGURES;

/** A figure by channel; NaN where it is not known, infinite where nothing differs. */
export function channelValues({ channels }: Closeup, figure: ChannelFigure): number[] {
  const { referenceRms, rmse, meanError } = channels;
  if (figure === 'mean') return Array.from(meanError);
  if (figure === 'rmse') return Array.from(rmse);
  return Array.from(rmse, (noise, channel) => {
    if (Number.isNaN(noise)) return NaN;
    return noise === 0 ? Infinity : 20 * Math.log10(referenceRms[channel] / noise);
  });
}

/** Neighbouring channels that share a bar, with the one that stands for all. */
export interface ChannelBar {
  start: number;
  end: number;
  channel: number;
  value: number;
}

/** At most so many bars; of channels that share one the worst stands for all. */
export function channelBars(values: readonly number[], figure: ChannelFigure, most: number): ChannelBar[] {
  const step = Math.max(1, Math.ceil(values.length / Math.max(most, 1)));
  const bars: ChannelBar[] = [];
  for (let start = 0; start < values.length; start += step) {
    const end = Math.min(start + step, values.length);
    let channel = start;
    for (let other = start + 1; other < end; other++)
      if (Number.isNaN(values[channel]) || isWorse(values[other], values[channel], figure)) channel = other;
    bars.push({ start, end, channel, value: values[channel] });
  }
  return bars;
}

function isWorse(value: number, than: number, figure: ChannelFigure): boolean {
  return figure === 'sqnr' ? value < than : Math.abs(value) > Math.abs(than);
}

interface Named {
  id: string;
  name: string;
}

/** Names that begin alike for less say nothing. */
const LEAST_COMMON = 3;

/**
 * The model that another was probably made from: of those listed the one whose name begins alike for longest, and of these one
 * that calls itself float. Null where none begins alike.
 */
export function likelyReference<T extends Named>(models: readonly T[], of: Named): T | null {
  const likeness = ({ name }: Named): number => {
    let common = 0;
    while (common < name.length && name[common] === of.name[common]) common++;
    return common + (/float|fp32|f32/i.test(name.slice(common)) ? 0.5 : 0);
  };
  const others = models.filter((model) => model.id !== of.id && likeness(model) >= LEAST_COMMON);
  return others.reduce<T | null>(
    (best, model) => (best === null || likeness(model) > likeness(best) ? model : best),
    null,
  );
}

/** Rows by a figure, upwards or downwards; what is not known stands last, whichever way. */
export function ordered(rows: readonly number[], values: ArrayLike<number>, isUp: boolean): number[] {
  return [...rows].sort((a, b) => compareFigures(values[a], values[b], isUp) || a - b);
}
