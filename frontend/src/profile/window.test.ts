import { expect, test } from 'vitest';
import { fitted, panned, zoomed } from './window.ts';

test('zooming keeps the place under the pointer', () => {
  const window = zoomed(fitted(100), 4, 0.25, 100);
  expect(window).toEqual({ from: 18.75, to: 43.75 });
  expect(window.from + 0.25 * (window.to - window.from)).toBe(25);
});

test('one never leaves the inference, and never sees more than it', () => {
  expect(zoomed({ from: 10, to: 20 }, 0.01, 0.5, 100)).toEqual({ from: 0, to: 100 });
  expect(panned({ from: 10, to: 20 }, -5, 100)).toEqual({ from: 0, to: 10 });
  expect(panned({ from: 10, to: 20 }, 50, 100)).toEqual({ from: 90, to: 100 });
});
