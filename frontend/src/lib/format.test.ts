import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatNumber, formatPercent, formatShape } from './format.ts';

test('bytes have binary units and three digits', () => {
  expect([0, 512, 1024, 37640, 1023 * 1024, 2 ** 31].map(formatBytes)).toEqual([
    '0 B',
    '512 B',
    '1.00 KiB',
    '36.8 KiB',
    '1023 KiB',
    '2.00 GiB',
  ]);
});

test('counts are exact up to ten thousand', () => {
  expect([20, 9999, 14620, 3_200_000].map(formatCount)).toEqual(['20', '9,999', '14.6 k', '3.20 M']);
});

test('shares', () => {
  expect([0, 0.0004, 0.032, 0.5, 1].map(formatPercent)).toEqual(['0 %', '0.04 %', '3.2 %', '50 %', '100 %']);
});

test('numbers keep what tells them apart', () => {
  expect([1, 0.0039215687662363052, 1e-9, -128].map(formatNumber)).toEqual([
    '1',
    '0.0039216',
    '1e-9',
    '-128',
  ]);
});

test('shapes name what is not known', () => {
  expect([formatShape([]), formatShape([1, 32]), formatShape([-1, 4])]).toEqual([
    'scalar',
    '1 × 32',
    '? × 4',
  ]);
});
