/** Columns for tests. Only tests import this. */
import { encodeContainer } from '../graph/testing.ts';
import { dtypeName, operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import type { CategoryColumn, Column, QuantityColumn, TextColumn } from '../wire/report.ts';

const base = (name: string, rows: number) => ({
  name,
  unit: '1',
  provenance: 'declared' as const,
  doc: `${name} of it`,
  rows,
});

export function quantities(name: string, values: number[], unit = '1'): QuantityColumn {
  return { ...base(name, values.length), kind: 'quantity', values: Float64Array.from(values), unit };
}

export function texts(name: string, values: (string | null)[]): TextColumn {
  return {
    ...base(name, values.length),
    kind: 'text',
    numbers: null,
    isProse: true,
    textAt: (row) => values[row],
  };
}

export function categories(name: string, values: (string | null)[]): CategoryColumn {
  const names = [...new Set(values.filter((value) => value !== null))];
  const codes = Int32Array.from(values, (value) => (value === null ? -1 : names.indexOf(value)));
  return { ...base(name, values.length), kind: 'category', codes, names };
}

/** A report as the server sends it. */
export function encodeReport(name: string, over: string, columns: Column[]): ArrayBuffer {
  const stored: Record<string, Int32Array | Uint8Array | Float64Array> = {};
  for (const column of columns) {
    const rows = Array.from({ length: column.rows }, (_, row) => row);
    if (column.kind === 'quantity') {
      stored[column.name] = column.values;
      stored[`${column.name}.valid`] = Uint8Array.from(column.values, (value) =>
        Number.isNaN(value) ? 0 : 1,
      );
    } else if (column.kind === 'text') {
      const cells = rows.map((row) => new TextEncoder().encode(column.textAt(row) ?? ''));
      const offsets = new Int32Array(column.rows + 1);
      for (const row of rows) offsets[row + 1] = offsets[row] + cells[row].length;
      stored[column.name] = Uint8Array.from(cells.flatMap((cell) => [...cell]));
      stored[`${column.name}.offsets`] = offsets;
      stored[`${column.name}.valid`] = Uint8Array.from(rows, (row) => (column.textAt(row) === null ? 0 : 1));
    } else stored[column.name] = column.codes;
  }
  const described = columns.map((column) => {
    const { name: heading, unit, kind, provenance, doc } = column;
    return {
      name: heading,
      unit,
      kind,
      provenance,
      doc,
      ...('names' in column ? { names: column.names } : {}),
      ...('additive' in column ? { additive: column.additive } : {}),
    };
  });
  const header = {
    report: name,
    over,
    rows: columns[0]?.rows ?? 0,
    summary: {},
    findings: [],
    reportColumns: described,
  };
  return encodeContainer(header, stored);
}

/** The lists of a model's operators and tensors, with some of their columns. */
export function listingOf(model: Model, name: string): ArrayBuffer {
  const count = name === 'ops' ? model.operatorCount : model.tensorCount;
  const each = <T>(make: (row: number) => T): T[] => Array.from({ length: count }, (_, row) => make(row));
  const columns =
    name === 'ops'
      ? [
          texts(
            'name',
            each((op) => operatorName(model, op)),
          ),
          categories(
            'op',
            each((op) => operatorTypeName(model, op)),
          ),
          quantities(
            'weight_bytes',
            each((op) => op % 5),
            'By',
          ),
        ]
      : [
          texts(
            'name',
            each((tensor) => tensorName(model, tensor)),
          ),
          categories(
            'dtype',
            each((tensor) => dtypeName(model, tensor)),
          ),
          quantities(
            'bytes',
            each((tensor) => tensor),
            'By',
          ),
        ];
  return encodeReport(name, name === 'ops' ? 'operators' : 'tensors', columns);
}
