import { expect, test } from 'vitest';
import { fitted, keyed, panned, wheeled, zoomed } from './window.ts';

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

test('plus zooms at the place that is looked at, minus about the middle, zero shows all, other keys are for others', () => {
  const window = { from: 40, to: 60 };
  expect(keyed(window, '+', 0.5, 100)).toEqual({ from: 45, to: 55 });
  expect(keyed(window, '=', 0, 100)).toEqual({ from: 40, to: 50 });
  expect(keyed(window, '-', 0, 100)).toEqual({ from: 30, to: 70 });
  expect(keyed(window, '0', 0.5, 100)).toEqual({ from: 0, to: 100 });
  expect(keyed(window, 'ArrowLeft', 0.5, 100)).toBeNull();
});

test('the wheel zooms at the pointer, and at the edge when it is left of the axis', () => {
  const closer = wheeled({ from: 40, to: 60 }, -300, -0.3, 100);
  expect(closer.from).toBe(40);
  expect(closer.to).toBeCloseTo(40 + 20 / Math.E);
  const back = wheeled(closer, 300, 0, 100);
  expect(back.to).toBeCloseTo(60);
});
