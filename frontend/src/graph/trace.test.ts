import { describe, expect, test } from 'vitest';
import { distanceToLine, traceLine, traceStraight, type PathSink } from './trace.ts';

/** What is drawn for the points, with some of another line around them. */
function traced(points: number[], trace: typeof traceLine = traceLine): string[] {
  const calls: string[] = [];
  const log =
    (name: string) =>
    (...numbers: number[]): void =>
      void calls.push(`${name} ${numbers.join(' ')}`);
  const path: PathSink = {
    moveTo: log('move'),
    lineTo: log('line'),
    bezierCurveTo: log('curve'),
    arcTo: log('arc'),
  };
  trace(path, Float64Array.from([9, 9, ...points, 9, 9]), 2, 2 + points.length);
  return calls;
}

test('upright pieces are straight, slanted ones curve and end upright', () => {
  expect(traced([0, 0, 0, 10, 40, 30])).toEqual(['move 0 0', 'line 0 10', 'curve 0 20 40 20 40 30']);
});

test('corners are rounded where there is room', () => {
  expect(traced([0, 0, 0, 50, 80, 50, 80, 10])).toEqual([
    'move 0 0',
    'arc 0 50 80 50 6',
    'arc 80 50 80 10 6',
    'line 80 10',
  ]);
  expect(traced([0, 0, 0, 50, 3, 50])).toEqual(['move 0 0', 'line 0 50', 'line 3 50']);
});

test('from far away all is straight', () => {
  expect(traced([0, 0, 0, 10, 40, 30], traceStraight)).toEqual(['move 0 0', 'line 0 10', 'line 40 30']);
});

test('a line of one point and of two at the same place', () => {
  expect(traced([1, 2])).toEqual(['move 1 2']);
  expect(traced([1, 2, 1, 2])).toEqual(['move 1 2', 'line 1 2']);
});

describe('how far a point is from a line', () => {
  const distance = (points: number[], x: number, y: number): number =>
    distanceToLine(Float64Array.from(points), 0, points.length, x, y);

  test('from a straight one', () => {
    expect(distance([0, 0, 0, 10], 3, 5)).toBe(3);
    expect(distance([0, 0, 0, 10], 0, 14)).toBe(4);
    expect(distance([0, 0, 0, 10, 8, 10], 8, 13)).toBe(3);
  });

  test('from a curve: its ends and its middle are on it, the corner beside is not', () => {
    const curve = [0, 0, 40, 60];
    for (const [x, y] of [
      [0, 0],
      [20, 30],
      [40, 60],
    ])
      expect(distance(curve, x, y)).toBeCloseTo(0);
    // It leaves upright, so a point straight below its start is nearer to it than to the chord.
    expect(distance(curve, 0, 9)).toBeLessThan(2);
    expect(distance(curve, 40, 0)).toBeGreaterThan(20);
  });
});
