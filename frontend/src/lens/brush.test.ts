import { describe, expect, test } from 'vitest';
import { binsOf, rangeOf } from './brush.ts';
import { STEPS, type Scale } from './scale.ts';

const SCALES: [string, Scale][] = [
  ['linear', { low: -3, high: 1234, log: false }],
  ['logarithmic', { low: 0.02, high: 5e6, log: true }],
];

describe.each(SCALES)('on a %s scale', (_, scale) => {
  test('a brushed range is read back as it was brushed', () => {
    for (let first = 0; first < STEPS; first++)
      for (let last = first; last < STEPS; last++) {
        const range = rangeOf(scale, { first, last });
        if (range === null) expect([first, last]).toEqual([0, STEPS - 1]);
        else expect(binsOf(scale, range)).toEqual({ first, last });
      }
  });

  test('the ends have no bound, but above what is not on the scale', () => {
    const low = scale.log ? scale.low : null;
    expect(rangeOf(scale, { first: 0, last: 3 })).toMatchObject({ low, isOpen: true });
    expect(rangeOf(scale, { first: 3, last: STEPS - 1 })).toMatchObject({ high: null, isOpen: false });
  });
});

test('ranges that were written by hand are shown where they are', () => {
  const scale = { low: 0, high: 24, log: false };
  expect(binsOf(scale, { kind: 'range', low: 100, high: null, isOpen: false })).toEqual({
    first: STEPS - 1,
    last: STEPS - 1,
  });
  expect(binsOf(scale, { kind: 'range', low: null, high: -5, isOpen: false })).toEqual({ first: 0, last: 0 });
});
