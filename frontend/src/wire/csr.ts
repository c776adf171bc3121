/** Lists of integers stored flat: row k is values[offsets[k] .. offsets[k + 1]]. */
export interface Csr {
  offsets: Int32Array;
  values: Int32Array;
}

/** Groups values by row. Rows keep the order in which their values come. */
export function csrFromPairs(
  rows: number,
  keys: ArrayLike<number> & Iterable<number>,
  values: ArrayLike<number>,
): Csr {
  const offsets = new Int32Array(rows + 1);
  for (const key of keys) offsets[key + 1]++;
  for (let row = 0; row < rows; row++) offsets[row + 1] += offsets[row];
  const next = offsets.slice(0, rows);
  const grouped = new Int32Array(values.length);
  for (let i = 0; i < keys.length; i++) grouped[next[keys[i]]++] = values[i];
  return { offsets, values: grouped };
}

export function rowOf(csr: Csr, row: number): Int32Array {
  return csr.values.subarray(csr.offsets[row], csr.offsets[row + 1]);
}
