import type { QuantityColumn } from '../wire/report.ts';

export interface Total {
  /** Of the rows of which the value is known. */
  sum: number;
  /** Of all rows of the column. */
  whole: number;
  /** Rows of which it is not. */
  missing: number;
}

export function totalOf({ values }: QuantityColumn, rows: Int32Array): Total {
  let sum = 0;
  let missing = 0;
  for (const row of rows)
    if (Number.isNaN(values[row])) missing++;
    else sum += values[row];
  let whole = 0;
  for (const value of values) if (!Number.isNaN(value)) whole += value;
  return { sum, whole, missing };
}
