/** Figures with the units of report columns (UCUM), three significant digits, as the field writes them. */
import { formatBytes, formatExact } from './format.ts';

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];
/** Times in microseconds. */
const TIMES: [unit: string, us: number][] = [
  ['s', 1e6],
  ['ms', 1e3],
  ['µs', 1],
  ['ns', 1e-3],
];
const MICROSECONDS: Partial<Record<string, number>> = { ns: 1e-3, us: 1, ms: 1e3, s: 1e6 };

/** `12.4 KiB`, `3.20 ms`, `1.05 GMAC`, `12.5 %`, `0.123`. */
export function formatQuantity(value: number, unit: string): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (unit === 'By') return formatBytes(value);
  const us = MICROSECONDS[unit];
  if (us !== undefined) return formatTime(value * us);
  if (unit === '%') return `${digits(value)} %`;
  const name = unitName(unit);
  if (Math.abs(value) < 10_000) return name === '' ? digits(value) : `${digits(value)} ${name}`;
  let step = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 999.5 && step + 1 < PREFIXES.length) {
    scaled /= 1000;
    step++;
  }
  return `${digits(scaled)} ${PREFIXES[step]}${name}`;
}

/** The figure with all its digits, for titles and copies. */
export function exactQuantity(value: number, unit: string): string {
  if (Number.isNaN(value)) return 'not known';
  const name = unit === 'By' ? (value === 1 ? 'byte' : 'bytes') : unit === 'us' ? 'µs' : unitName(unit);
  return name === '' ? formatExact(value) : `${formatExact(value)} ${name}`;
}

/** How a unit is written behind a heading: `By` as `B`, annotations such as `{MAC}` without their braces. */
export function unitName(unit: string): string {
  if (unit === '1') return '';
  if (unit === 'By') return 'B';
  return unit === 'us' ? 'µs' : unit.replace(/[{}]/g, '');
}

const ADDITIVE = new Set(['By', 'bit', 'ns', 'us', 'ms', 's', 'J', 'MAC', 'FLOP', 'OP']);

/** Whether figures of a unit can be added up; pure numbers and shares may be ratios, whose sum says nothing. */
export function isAdditiveUnit(unit: string): boolean {
  return ADDITIVE.has(unit) || /^\{[^}]*\}$/.test(unit);
}

function formatTime(us: number): string {
  const size = Math.abs(us);
  const [unit, factor] = TIMES.find(([, least]) => size >= least * 0.9995) ?? TIMES[TIMES.length - 1];
  return us === 0 ? '0 µs' : `${digits(us / factor)} ${unit}`;
}

/** Three significant digits; whole numbers below ten thousand as they are. */
function digits(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 10_000) return value.toLocaleString('en');
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return short.toExponential();
  return size >= 100 ? String(Math.round(short)) : value.toPrecision(3);
}
