import { expect, test } from 'vitest';
import type { Asked } from '../state/reports.ts';
import type { Finding } from '../wire/model.ts';
import { gather, isLinted } from './findings.ts';

function finding(severity: Finding['severity'], code: string, operators: number[] = []): Finding {
  return { severity, code, message: `about ${code}`, operators };
}

function there(name: string, findings: Finding[]): [string, Asked] {
  return [name, { report: { name, over: 'rows', summary: {}, findings, columns: [] }, error: null }];
}

test('the severest come first, then those of more operators', () => {
  const states = new Map([
    there('a', [finding('note', 'n'), finding('warning', 'few', [1]), finding('error', 'e')]),
    there('b', [finding('warning', 'many', [1, 2])]),
  ]);
  expect(gather(['a', 'b'], states).findings.map(({ code }) => code)).toEqual(['e', 'many', 'few', 'n']);
});

test('what two reports find alike is there once, with both names', () => {
  const states = new Map([there('a', [finding('note', 'n', [3])]), there('b', [finding('note', 'n', [3])])]);
  const { findings } = gather(['a', 'b'], states);
  expect(findings).toHaveLength(1);
  expect(findings[0].reports).toEqual(['a', 'b']);
});

test('what is awaited and what failed is told apart', () => {
  const states = new Map<string, Asked>([
    there('a', []),
    ['b', { report: null, error: 'damaged' }],
    ['c', { report: null, error: null }],
  ]);
  expect(gather(['a', 'b', 'c', 'd'], states)).toEqual({
    findings: [],
    waiting: 2,
    failed: [{ name: 'b', error: 'damaged' }],
  });
});

test('what delegates leave is not among them', () => {
  expect(['weights', 'delegates', 'partition_xnnpack'].filter(isLinted)).toEqual(['weights']);
});
