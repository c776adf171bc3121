import { describe, expect, test } from 'vitest';
import { moved, scrollTo, windowOf } from './window.ts';

describe('the window', () => {
  test('holds every row that is in sight, and not many more', () => {
    for (let top = 0; top <= 2400 - 300; top += 7) {
      const { first, end } = windowOf(top, 300, 24, 100);
      expect(first * 24).toBeLessThanOrEqual(top);
      expect(end * 24).toBeGreaterThanOrEqual(top + 300);
      expect(end - first).toBeLessThan(300 / 24 + 20);
      expect([first >= 0, end <= 100]).toEqual([true, true]);
    }
  });

  test('is as large for half a million rows', () => {
    const { first, end } = windowOf(24 * 250_000, 300, 24, 500_000);
    expect(first).toBeGreaterThan(249_900);
    expect(end - first).toBeLessThan(40);
  });

  test('of nothing is nothing, and stays in a list that has become shorter', () => {
    expect(windowOf(0, 300, 24, 0)).toEqual({ first: 0, end: 0 });
    expect(windowOf(5000, 300, 24, 3)).toEqual({ first: 2, end: 3 });
  });
});

describe('scrolling to a row', () => {
  test('does nothing when it is in sight', () => expect(scrollTo(10, 200, 300, 24)).toBe(200));
  test('moves no more than it has to', () => {
    expect(scrollTo(5, 200, 300, 24)).toBe(120);
    expect(scrollTo(21, 200, 300, 24)).toBe(228);
  });
  test('puts what is far away into the middle', () => {
    expect(scrollTo(1000, 0, 324, 24)).toBe(24_000 - 150);
    expect(scrollTo(0, 24_000, 324, 24)).toBe(0);
  });
});

test('keys move within the list', () => {
  expect(moved('ArrowDown', 9, 10, 4)).toBe(9);
  expect(moved('ArrowUp', 5, 10, 4)).toBe(4);
  expect(moved('PageDown', 5, 10, 4)).toBe(9);
  expect(moved('PageUp', 5, 10, 4)).toBe(1);
  expect([moved('Home', 5, 10, 4), moved('End', 5, 10, 4)]).toEqual([0, 9]);
  expect(moved('x', 5, 10, 4)).toBeNull();
  expect(moved('End', 0, 0, 4)).toBeNull();
});
