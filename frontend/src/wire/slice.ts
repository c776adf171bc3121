/** A rectangle of a tensor, as tb_tflite_plugin/slices.py sends it. */
import { decodeContainer, type Column } from './container.ts';

export type Reading = 'plain' | 'scaled' | 'unknown';

export interface Slice {
  dtype: string;
  /** Whether stored values are the real ones, or how these follow. */
  reading: Reading;
  shape: number[];
  /** Rows and columns of the whole matrix. */
  matrix: [number, number];
  begin: [number, number];
  /** Every so manieth row and column came. */
  step: [number, number];
  /** Rows and columns that came. */
  size: [number, number];
  stored: Column;
  /** Null where stored values are the real ones, and where these are not known. */
  real: Column | null;
}

export function decodeSlice(buffer: ArrayBuffer): Slice {
  const { header, columns } = decodeContainer<Omit<Slice, 'stored' | 'real'>>(buffer);
  return {
    ...header,
    stored: columns.get('stored') ?? new Float32Array(0),
    real: columns.get('real') ?? null,
  };
}
