/** Tables as text that spreadsheets and scripts read. */
import { cellText, type Column, type Report } from '../wire/report.ts';

/** The rows and columns as CSV (RFC 4180), figures with all their digits, units in the headings. */
export function csvOf(rows: Iterable<number>, columns: readonly Column[]): string {
  const lines = [
    columns.map(({ name, unit }) => escaped(unit === '1' ? name : `${name} [${unit}]`)).join(','),
  ];
  for (const row of rows) lines.push(columns.map((column) => cell(column, row)).join(','));
  return `${lines.join('\n')}\n`;
}

/** A whole report. */
export function reportCsv({ columns }: Report): string {
  return csvOf(Array(columns.at(0)?.rows ?? 0).keys(), columns);
}

function cell(column: Column, row: number): string {
  const text = cellText(column, row);
  // Names come from files that anybody can make; a spreadsheet would run one that looks like a formula.
  const isFormula = column.kind !== 'quantity' && /^[=+\-@\t\r]/.test(text);
  return escaped(isFormula ? `'${text}` : text);
}

function escaped(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
