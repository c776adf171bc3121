import { describe, expect, test } from 'vitest';
import { WheelKind } from './gestures.ts';

/** What a series of wheel events is taken for, [deltaX, deltaY, milliseconds since the one before]. */
function kinds(events: [number, number, number][], deltaMode = 0): boolean[] {
  const wheel = new WheelKind();
  let timeStamp = 0;
  return events.map(([deltaX, deltaY, wait]) =>
    wheel.isMouse({ deltaX, deltaY, deltaMode, timeStamp: (timeStamp += wait) }),
  );
}

describe('a wheel and a trackpad are told apart', () => {
  test('a wheel starts with a full notch', () => {
    expect(
      kinds([
        [0, 100, 1000],
        [0, 100, 50],
      ]),
    ).toEqual([true, true]);
    expect(kinds([[0, 3, 1000]], 1)).toEqual([true]);
  });

  test('fingers start slowly, and stay fingers when they get fast', () => {
    expect(
      kinds([
        [0, 2, 1000],
        [0, 40, 16],
        [0, 120, 16],
      ]),
    ).toEqual([false, false, false]);
  });

  test('a wheel does not move sideways', () => {
    expect(kinds([[80, 90, 1000]])).toEqual([false]);
  });

  test('after a pause everything is open again', () => {
    expect(
      kinds([
        [0, 2, 1000],
        [0, 120, 1000],
        [0, 4, 100],
        [0, 4, 400],
      ]),
    ).toEqual([false, true, true, false]);
  });
});
