import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { debounced } from './debounce.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('runs once after the last of many calls', () => {
  const run = vi.fn();
  const { later } = debounced(100, run);
  for (let i = 0; i < 10; i++) {
    later();
    vi.advanceTimersByTime(60);
  }
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(40);
  expect(run).toHaveBeenCalledTimes(1);
});

test('runs at once, and then not again', () => {
  const run = vi.fn();
  const { later, now } = debounced(100, run);
  later();
  now();
  vi.advanceTimersByTime(200);
  expect(run).toHaveBeenCalledTimes(1);
});

test('does not run when cancelled', () => {
  const run = vi.fn();
  const { later, cancel } = debounced(100, run);
  later();
  cancel();
  vi.advanceTimersByTime(200);
  expect(run).not.toHaveBeenCalled();
});
