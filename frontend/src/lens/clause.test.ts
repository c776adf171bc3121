import { describe, expect, test } from 'vitest';
import { readClause, withClause, type Clause } from './clause.ts';

const names = (...list: string[]): Clause => ({ kind: 'names', names: list, missing: false });
const range = (low: number | null, high: number | null, isOpen = true): Clause => ({
  kind: 'range',
  low,
  high,
  isOpen,
});

describe('what is written is read back', () => {
  test.each<[string, Clause]>([
    ['family:convolution', names('convolution')],
    ['(family:convolution or family:data)', names('convolution', 'data')],
    ['not family:*', { kind: 'names', names: [], missing: true }],
    ['(family:data or not family:*)', { kind: 'names', names: ['data'], missing: true }],
    ['family:"two words"', names('two words')],
    ['family:"a or (b"', names('a or (b')],
    ['family:"x*"', names('x*')],
    ['family:3', names('3')],
    ['family>=12.5 family<100', range(12.5, 100)],
    ['family>=1e-7', range(1e-7, null, false)],
    ['family<100', range(null, 100)],
    ['family>=-2 family<=3', range(-2, 3, false)],
  ])('%s', (text, clause) => {
    expect(withClause('', 'family', clause)).toBe(text);
    expect(readClause(text, 'family')).toEqual(clause);
    const among = withClause('conv 3x3', 'family', clause);
    expect(among).toBe(`conv 3x3 ${text}`);
    expect(readClause(`${among} int8`, 'family')).toEqual(clause);
    expect(withClause(`${among} int8`, 'family', null)).toBe('conv 3x3 int8');
  });
});

test('replaces its own words only', () => {
  const filter = 'conv family:data weight_bytes>=10 weight_bytes<20 int8';
  expect(withClause(filter, 'family', names('control'))).toBe(
    'conv weight_bytes>=10 weight_bytes<20 int8 family:control',
  );
  expect(withClause(filter, 'weight_bytes', range(1, null, false))).toBe(
    'conv family:data int8 weight_bytes>=1',
  );
  expect(withClause(filter, 'bytes', range(1, null, false))).toBe(`${filter} bytes>=1`);
  expect(withClause('weight.bytes:3', 'weight_bytes', null)).toBe('weight.bytes:3');
});

test('narrows all alternatives of a filter, not the last', () => {
  const filter = withClause('add or mul', 'family', names('data'));
  expect(filter).toBe('(add or mul) family:data');
  expect(withClause(filter, 'family', null)).toBe('(add or mul)');
  expect(withClause('(a or b) c', 'family', names('data'))).toBe('(a or b) c family:data');
});

test('does not take other words for its own', () => {
  expect(readClause('conv', 'family')).toBeNull();
  expect(readClause('add or family:data', 'family')).toBeNull();
  expect(readClause('(family:data conv)', 'family')).toBeNull();
  expect(readClause('not family:data', 'family')).toBeNull();
  expect(readClause('ops.family:data', 'family')).toBeNull();
  expect(readClause('family:/x/y', 'family')).toEqual(names('/x/y'));
});

test('a name with quotes gets a pattern that fits it', () => {
  expect(withClause('', 'op', names('my "op" (1)'))).toBe('op:my??op???1?');
});
