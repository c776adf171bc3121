import { expect, test } from 'vitest';
import type { TensorChannels } from '../host/source.ts';
import { channelDots } from './channels.ts';

function found(scale: (number | string)[], fields: Partial<TensorChannels> = {}): TensorChannels {
  const all = <T>(value: T): T[] => scale.map(() => value);
  return {
    tensor: 0,
    scheme: 'per-channel',
    axis: 0,
    channels: scale.length,
    values_each: 4,
    listed: scale.length,
    scale,
    zero_point: all(0),
    low: all(-127),
    high: all(127),
    bits: all(8),
    range_use: all(1),
    outlier: all(false),
    zero: all(false),
    stored: { low: -128, high: 128, counts: [] },
    real: null,
    ...fields,
  };
}

test('outliers are marked, and the axis holds all dots', () => {
  const { dots, low, high } = channelDots(found([0.1, 0.2, 4], { outlier: [false, false, true] }), 'scale');
  expect(dots.map(({ mark }) => mark)).toEqual(['plain', 'plain', 'outlier']);
  expect(low).toBeLessThan(0.1);
  expect(high).toBeGreaterThan(4);
});

test('the tiny scale of channels that are all zero does not stretch the axis', () => {
  const { dots, low } = channelDots(found([0.1, 4e-9, 0.2], { zero: [false, true, false] }), 'scale');
  expect(dots[1]).toEqual({ channel: 1, value: low, mark: 'zero' });
  expect(low).toBeGreaterThan(0.01);
});

test('scales that are no numbers are not drawn', () => {
  expect(channelDots(found(['nan', 'inf', 0, -1]), 'scale').dots).toEqual([]);
});

test('bits start at none', () => {
  const { low, high, dots } = channelDots(found([0.1, 0.2], { bits: [3, 7.5] }), 'bits');
  expect([low, high]).toEqual([0, 7.5]);
  expect(dots.map(({ value }) => value)).toEqual([3, 7.5]);
});
