import { expect, test } from 'vitest';
import { decodeReport } from '../wire/report.ts';
import { csvOf, reportCsv } from './csv.ts';
import { categories, encodeReport, quantities, texts } from './testing.ts';

test('rows in the order asked for, missing cells empty, units in headings', () => {
  const columns = [
    texts('name', ['a', 'b', null]),
    quantities('size', [1.23456789, NaN, -3], 'By'),
    categories('type', ['x', null, 'y']),
  ];
  expect(csvOf([2, 0, 1], columns)).toBe('name,size [By],type\n,-3,y\na,1.23456789,x\nb,,\n');
});

test('a whole report, and one of no columns', () => {
  const report = decodeReport(
    encodeReport('r', 'operators', [texts('name', ['a', 'b']), quantities('n', [1, 2])]),
  );
  expect(reportCsv(report)).toBe('name,n\na,1\nb,2\n');
  expect(reportCsv({ ...report, columns: [] })).toBe('\n');
});

test('commas, quotes and line ends do not break it', () => {
  expect(csvOf([0], [texts('a,b', ['say "hi",\nplease'])])).toBe('"a,b"\n"say ""hi"",\nplease"\n');
});

test('a name from a file is never a formula', () => {
  expect(csvOf([0, 1], [texts('n', ['=HYPERLINK("x")', '@a'])])).toBe('n\n"\'=HYPERLINK(""x"")"\n\'@a\n');
});
