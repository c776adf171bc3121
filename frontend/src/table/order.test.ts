import { describe, expect, test } from 'vitest';
import { categories, quantities, texts } from './testing.ts';
import { nextSort, orderBy, rowsIn } from './order.ts';

const up = { descending: false };
const down = { descending: true };

describe('rows are ordered', () => {
  test('by numbers, what is missing last both ways', () => {
    const column = quantities('q', [3, NaN, -1, 2, NaN]);
    expect([...orderBy(5, [{ column, ...up }])]).toEqual([2, 3, 0, 1, 4]);
    expect([...orderBy(5, [{ column, ...down }])]).toEqual([0, 3, 2, 1, 4]);
  });

  test('by texts, numbers in them by their size', () => {
    const column = texts('t', ['layer_10', 'layer_2', null, 'Add', 'layer_2']);
    expect([...orderBy(5, [{ column, ...up }])]).toEqual([3, 1, 4, 0, 2]);
    expect([...orderBy(5, [{ column, ...down }])]).toEqual([0, 1, 4, 3, 2]);
  });

  test('by ids as numbers', () => {
    const column = { ...texts('id', ['10', '9', '100']), numbers: Int32Array.of(10, 9, 100) };
    expect([...orderBy(3, [{ column, ...up }])]).toEqual([1, 0, 2]);
  });

  test('by names of categories, not by their codes', () => {
    const column = categories('c', ['b', 'a', null, 'b']);
    expect([...orderBy(4, [{ column, ...up }])]).toEqual([1, 0, 3, 2]);
  });

  test('by a second column where the first does not tell', () => {
    const first = categories('c', ['b', 'a', 'b', 'a']);
    const second = quantities('q', [1, 2, 3, 4]);
    expect([
      ...orderBy(4, [
        { column: first, ...up },
        { column: second, ...down },
      ]),
    ]).toEqual([3, 1, 2, 0]);
  });

  test('as they come, by nothing', () => expect([...orderBy(3, [])]).toEqual([0, 1, 2]));
});

describe('a heading', () => {
  test('sorts up, down, and no more', () => {
    const once = nextSort([], 'a', false);
    const twice = nextSort(once, 'a', false);
    expect([once, twice, nextSort(twice, 'a', false)]).toEqual([
      [{ column: 'a', descending: false }],
      [{ column: 'a', descending: true }],
      [],
    ]);
    expect(nextSort(twice, 'b', false)).toEqual([{ column: 'b', descending: false }]);
  });

  test('is added to others, and turned among them', () => {
    const both = nextSort(nextSort([], 'a', false), 'b', true);
    expect(both.map(({ column }) => column)).toEqual(['a', 'b']);
    const turned = nextSort(both, 'a', true);
    expect(turned).toEqual([
      { column: 'a', descending: true },
      { column: 'b', descending: false },
    ]);
    expect(nextSort(turned, 'a', true)).toEqual([{ column: 'b', descending: false }]);
  });
});

test('filtered rows keep their order', () => {
  expect([...rowsIn(Int32Array.of(2, 0, 1), Uint8Array.of(1, 0, 1))]).toEqual([2, 0]);
  expect([...rowsIn(Int32Array.of(2, 0, 1), null)]).toEqual([2, 0, 1]);
});
