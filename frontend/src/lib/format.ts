/** Figures as people read them: three significant digits, units as the field uses them. */

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const DECIMAL = ['', 'k', 'M', 'G', 'T'];

export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, BINARY);
}

/** `14.6 k`, `3.2 M`. */
export function formatCount(count: number): string {
  return count < 10_000 ? count.toLocaleString('en') : scaled(count, 1000, DECIMAL);
}

/** The number with all its digits, for titles and copies. */
export function formatExact(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : String(value);
}

export function formatPercent(share: number): string {
  const percent = 100 * share;
  return `${percent === 0 || percent >= 10 ? percent.toFixed(0) : percent.toPrecision(percent < 1 ? 1 : 2)} %`;
}

/** Scales, options: enough digits to tell values apart, no more. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const short = Number(value.toPrecision(5));
  return Math.abs(short) < 1e-3 ? short.toExponential() : String(short);
}

export function formatShape(shape: ArrayLike<number>): string {
  return shape.length === 0 ? 'scalar' : Array.from(shape, (size) => (size < 0 ? '?' : size)).join(' × ');
}

function scaled(value: number, base: number, units: string[]): string {
  let scaledValue = value;
  let unit = 0;
  while (Math.abs(scaledValue) >= base && unit + 1 < units.length) {
    scaledValue /= base;
    unit++;
  }
  const digits = unit === 0 ? String(scaledValue) : scaledValue.toPrecision(scaledValue >= 1000 ? 4 : 3);
  return units[unit] === '' ? digits : `${digits} ${units[unit]}`;
}
