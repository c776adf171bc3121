import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Column } from '../wire/report.ts';
import { FilterError, select, testedColumns, type Filtered } from './filter.ts';

type Cell = string | number | boolean | number[] | null;

interface Cases {
  columns: { name: string; kind: Column['kind']; values: Cell[] }[];
  cases: { filter: string; rows?: number[]; error_at?: number }[];
}

const file = new URL('../../../tests/filter_cases.json', import.meta.url);
const { columns, cases } = JSON.parse(readFileSync(file, 'utf-8')) as Cases;

function columnOf({ name, kind, values }: Cases['columns'][number]): Column {
  const base = { name, unit: '1', provenance: 'declared' as const, doc: '', rows: values.length };
  if (kind === 'quantity')
    return { ...base, kind, values: Float64Array.from(values, (v) => (v === null ? NaN : Number(v))) };
  if (kind === 'text') {
    const isNumber = values.every((v) => typeof v === 'number');
    const text = (v: Cell): string | null => (v === null ? null : Array.isArray(v) ? v.join('×') : String(v));
    return {
      ...base,
      kind,
      numbers: isNumber ? Int32Array.from(values) : null,
      isProse: !isNumber && (name === 'shape' || !values.some(Array.isArray)),
      textAt: (row) => text(values[row]),
    };
  }
  const names =
    kind === 'flag' ? ['false', 'true'] : [...new Set(values.filter((v) => v !== null).map(String))];
  return {
    ...base,
    kind,
    names,
    codes: Int32Array.from(values, (v) => (v === null ? -1 : names.indexOf(String(v)))),
  };
}

const decoded = columns.map(columnOf);
const table: Filtered = {
  rows: decoded[0].rows,
  columns: new Map(decoded.map((column) => [column.name, column])),
  searched: decoded,
};

test.each(cases)('$filter', ({ filter, rows, error_at: errorAt }) => {
  if (rows !== undefined) {
    const mask = select(filter, table);
    expect([...mask.keys()].filter((row) => mask[row] === 1)).toEqual(rows);
    return;
  }
  let caught: unknown = null;
  try {
    select(filter, table);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(FilterError);
  expect((caught as FilterError).position).toBe(errorAt);
});

test('tells which columns it tests, well-formed or not', () => {
  expect(testedColumns('conv op:ADD (weight_bytes > 3 or not gpu.verdict!=yes')).toEqual([
    'op',
    'weight_bytes',
    'gpu.verdict',
  ]);
  expect(testedColumns('name:op:x "dtype:int8" /a:b/')).toEqual(['name']);
});

test('words are looked for in the columns that are searched, tests in all', () => {
  const some = { ...table, searched: decoded.filter(({ name }) => name === 'name') };
  expect([...select('depthwise_conv', some)]).toEqual([0, 0, 0, 0, 0, 0]);
  expect([...select('op:depthwise_conv*', some)]).toEqual([0, 1, 0, 0, 0, 0]);
});
