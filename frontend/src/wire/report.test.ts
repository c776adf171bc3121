import { describe, expect, test } from 'vitest';
import { ONLY_WITH_FIXTURES, realReports } from '../graph/fixtures.ts';
import { encodeReport, quantities } from '../table/testing.ts';
import { cellText, decodeReport, type Column } from './report.ts';

type Cell = string | number | boolean | (number | string)[] | null;

function cellOf(column: Column, row: number): string | number | null {
  if (column.kind === 'quantity') return Number.isNaN(column.values[row]) ? null : column.values[row];
  if (column.kind === 'text') return column.textAt(row);
  return column.codes[row] < 0 ? null : column.names[column.codes[row]];
}

/** The cell as the command line's JSON has it, in the words of the wire. */
function wordsOf(column: Column, cell: Cell): string | number | null {
  if (cell === null) return null;
  if (column.kind === 'quantity') return Number(cell);
  if (Array.isArray(cell)) return cell.join(column.name === 'shape' ? '×' : ' ');
  return String(cell);
}

const REPORTS = realReports();

describe.skipIf(REPORTS.length === 0)(
  `reports come as the command line prints them${ONLY_WITH_FIXTURES}`,
  () => {
    test.each(REPORTS)('%s', (_, report, printed) => {
      expect(report.columns.map(({ name }) => name)).toEqual(printed.columns.map(({ name }) => name));
      expect(report.summary).toEqual(printed.summary);
      for (const [place, column] of report.columns.entries()) {
        const wanted = printed.rows.map((row) => wordsOf(column, row[place] as Cell));
        expect([column.name, printed.rows.map((_row, row) => cellOf(column, row))]).toEqual([
          column.name,
          wanted,
        ]);
      }
    });
  },
);

test('a missing cell has no text', () => {
  const base = { name: 'x', unit: '1', provenance: 'declared' as const, doc: '', rows: 1 };
  expect(cellText({ ...base, kind: 'quantity', values: Float64Array.of(NaN) }, 0)).toBe('');
  expect(cellText({ ...base, kind: 'category', codes: Int32Array.of(-1), names: ['a'] }, 0)).toBe('');
  expect(cellText({ ...base, kind: 'text', numbers: null, isProse: true, textAt: () => null }, 0)).toBe('');
});

test('whether cells add up is known where it is said', () => {
  const sent = { ...quantities('live', [1, NaN], 'By'), additive: false };
  const [live, size] = decodeReport(
    encodeReport('memory', 'operators', [sent, quantities('size', [1, 2])]),
  ).columns;
  expect(live).toMatchObject({ kind: 'quantity', additive: false, unit: 'By' });
  expect(size).not.toHaveProperty('additive');
});
