import { expect, test } from 'vitest';
import { exactQuantity, formatQuantity, isAdditiveUnit, unitName } from './units.ts';

test.each([
  [0, 'By', '0 B'],
  [2048, 'By', '2.00 KiB'],
  [0, 'us', '0 µs'],
  [12.345, 'us', '12.3 µs'],
  [0.5, 'us', '500 ns'],
  [999.9, 'us', '1.00 ms'],
  [1500, 'us', '1.50 ms'],
  [2.5, 's', '2.50 s'],
  [812, 'MAC', '812 MAC'],
  [9999, 'MAC', '9,999 MAC'],
  [1_234_567, 'MAC', '1.23 MMAC'],
  [999_700, '{MAC}', '1.00 MMAC'],
  [12.5, '%', '12.5 %'],
  [3, '1', '3'],
  [0.123456, '1', '0.123'],
  [0.00001234, '1', '1.23e-5'],
  [14_600, '1', '14.6 k'],
  [123.456, '1', '123'],
  [-2048, 'By', '-2.00 KiB'],
  [NaN, 'By', ''],
  [Infinity, '1', '∞'],
])('%d %s is %s', (value, unit, text) => expect(formatQuantity(value, unit).trim()).toBe(text));

test('all digits, for those who want them', () => {
  expect(exactQuantity(1234567, 'By')).toBe('1,234,567 bytes');
  expect(exactQuantity(1, 'By')).toBe('1 byte');
  expect(exactQuantity(0.123456789, 'us')).toBe('0.123456789 µs');
  expect(exactQuantity(7, '1')).toBe('7');
  expect(exactQuantity(NaN, 'By')).toBe('not known');
});

test('only amounts add up, ratios do not', () => {
  expect(['By', 'us', 'MAC', '{parameter}'].every(isAdditiveUnit)).toBe(true);
  expect(['1', '%', 'dB', 'By/s'].some(isAdditiveUnit)).toBe(false);
});

test('headings have short units', () => {
  expect(['1', 'By', 'us', '{MAC}', '%'].map(unitName)).toEqual(['', 'B', 'µs', 'MAC', '%']);
});
