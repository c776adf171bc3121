/** Reports from the server: columns over operators or tensors, as analysis/report.py defines them. */
import { decodeContainer, type Column as Stored } from './container.ts';
import type { Finding } from './model.ts';

export type Provenance = 'measured' | 'simulated' | 'declared';

interface ColumnBase {
  name: string;
  /** UCUM spelling, `1` for none. */
  unit: string;
  provenance: Provenance;
  doc: string;
  rows: number;
}

/** Numbers; NaN where missing. */
export interface QuantityColumn extends ColumnBase {
  kind: 'quantity';
  values: Float64Array;
  /** Whether its cells may be added up; left out where the unit says so. */
  additive?: boolean;
}

/** One of few names; code -1 where missing. Flags are `false` and `true`. */
export interface CategoryColumn extends ColumnBase {
  kind: 'category' | 'flag';
  codes: Int32Array;
  names: string[];
}

/** Texts and lists of numbers, decoded row by row; null where missing. */
export interface TextColumn extends ColumnBase {
  kind: 'text';
  /** For columns of numbers that are names, such as ids. */
  numbers: Int32Array | null;
  /** Names and shapes, in which words are looked for; not ids and lists of ids. */
  isProse: boolean;
  textAt: (row: number) => string | null;
}

export type Column = QuantityColumn | CategoryColumn | TextColumn;

export interface Report {
  name: string;
  /** What a row is. */
  over: 'operators' | 'tensors' | 'rows';
  summary: Record<string, unknown>;
  findings: Finding[];
  columns: Column[];
}

interface ColumnHeader {
  name: string;
  unit: string;
  kind: 'quantity' | 'category' | 'flag' | 'text';
  provenance: Provenance;
  doc: string;
  names?: string[];
  additive?: boolean;
}

interface Header {
  report: string;
  over: Report['over'];
  rows: number;
  summary: Record<string, unknown>;
  findings: Finding[];
  reportColumns: ColumnHeader[];
}

export function decodeReport(buffer: ArrayBuffer): Report {
  const { header, columns } = decodeContainer<Header>(buffer);
  return {
    name: header.report,
    over: header.over,
    summary: header.summary,
    findings: header.findings,
    columns: header.reportColumns.map((column) => decode(column, header.rows, columns)),
  };
}

function decode(header: ColumnHeader, rows: number, stored: Map<string, Stored>): Column {
  const base = { name: header.name, unit: header.unit, provenance: header.provenance, doc: header.doc, rows };
  const values = stored.get(header.name) ?? new Int32Array(0);
  const valid = stored.get(`${header.name}.valid`);
  if (header.kind === 'quantity') {
    const numbers = Float64Array.from(values);
    if (valid !== undefined) for (let row = 0; row < rows; row++) if (valid[row] === 0) numbers[row] = NaN;
    return {
      ...base,
      kind: 'quantity',
      values: numbers,
      ...(header.additive === undefined ? {} : { additive: header.additive }),
    };
  }
  if (header.kind === 'text') {
    const isList = stored.has(`${header.name}.offsets`);
    const numbers = isList || valid !== undefined ? null : Int32Array.from(values);
    const isProse = (isList && values instanceof Uint8Array) || header.name === 'shape';
    return {
      ...base,
      kind: 'text',
      numbers,
      isProse,
      textAt: textReader(header.name, values, valid, stored),
    };
  }
  const codes = Int32Array.from(values);
  if (valid !== undefined) for (let row = 0; row < rows; row++) if (valid[row] === 0) codes[row] = -1;
  return { ...base, kind: header.kind, codes, names: header.names ?? ['false', 'true'] };
}

function textReader(
  name: string,
  values: Stored,
  valid: Stored | undefined,
  stored: Map<string, Stored>,
): (row: number) => string | null {
  const offsets = stored.get(`${name}.offsets`);
  const decoder = new TextDecoder();
  return (row) => {
    if (valid?.[row] === 0) return null;
    if (offsets === undefined) return String(values[row]);
    const part = values.subarray(offsets[row], offsets[row + 1]);
    return part instanceof Uint8Array ? decoder.decode(part) : part.join(name === 'shape' ? '×' : ' ');
  };
}

/** A column of figures by its name, NaN all over where there is none. */
export function quantityOf(report: Report | null, name: string, rows: number): Float64Array {
  const column: Column | undefined = report?.columns.find((found) => found.name === name);
  return column?.kind === 'quantity' ? column.values : new Float64Array(rows).fill(NaN);
}

/** The cell as text, for search, tables and copies; empty where missing. */
export function cellText(column: Column, row: number): string {
  if (column.kind === 'quantity') return Number.isNaN(column.values[row]) ? '' : String(column.values[row]);
  if (column.kind === 'text') return column.textAt(row) ?? '';
  return column.codes[row] < 0 ? '' : column.names[column.codes[row]];
}
