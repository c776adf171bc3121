import { describe, expect, test } from 'vitest';
import type { Column, Report } from '../wire/report.ts';
import { FilterError } from './filter.ts';
import { columnsOver, filteredOf, matched, type Over } from './tables.ts';
import { categories, quantities, texts } from './testing.ts';

function report(name: string, over: Report['over'], columns: Column[]): Report {
  return { name, over, summary: {}, findings: [], columns };
}

const REPORTS = [
  report('gpu', 'operators', [categories('verdict', ['gpu', 'cpu']), quantities('bytes', [5, 6])]),
  report('ops', 'operators', [texts('name', ['conv', 'add']), quantities('bytes', [1, 2])]),
  report('tensors', 'tensors', [texts('name', ['conv', 'w', 'b']), categories('role', ['a', 'c', 'c'])]),
  report('inspect', 'rows', [texts('name', ['x'])]),
];

describe('columns of all reports', () => {
  test('come with the list of operators first, and reports before names that are taken', () => {
    expect(columnsOver(REPORTS, 'operators').map(({ id, filterName }) => [id, filterName])).toEqual([
      ['ops.name', 'name'],
      ['ops.bytes', 'bytes'],
      ['gpu.verdict', 'verdict'],
      ['gpu.bytes', 'gpu.bytes'],
    ]);
    expect(columnsOver(REPORTS, 'tensors').length).toBe(2);
    expect(columnsOver([], 'operators')).toEqual([]);
  });
});

describe('a filter', () => {
  const tableOf = (over: Over) => filteredOf(columnsOver(REPORTS, over), over);
  const tables = { operators: tableOf('operators'), tensors: tableOf('tensors') };
  const rows = (filter: string): number[][] => {
    const { operators, tensors } = matched(filter, tables);
    return [[...operators], [...tensors]];
  };

  test('finds in both tables, or in the one that has its columns', () => {
    expect(rows('conv')).toEqual([[0], [0]]);
    expect(rows('role:c')).toEqual([[], [1, 2]]);
    expect(rows('verdict:cpu')).toEqual([[1], []]);
    expect(rows('gpu.bytes>5')).toEqual([[1], []]);
  });

  test('looks for words in the lists only: what other reports say of an operator is asked for by column', () => {
    expect(rows('gpu')).toEqual([[], []]);
  });

  test('that neither can answer is wrong where it could be read furthest', () => {
    const position = (filter: string): number => {
      try {
        matched(filter, tables);
      } catch (error) {
        return (error as FilterError).position;
      }
      return -1;
    };
    expect(position('verdict:cpu role:c')).toBe(12);
    expect(position('conv speed>3')).toBe(5);
    expect(position('(conv')).toBe(0);
    expect(position('conv')).toBe(-1);
  });
});
