import { expect, test } from 'vitest';
import { Fitter, shorten } from './fitter.ts';

const perCharacter = (text: string): number => 10 * text.length;

test('what fits stays whole, the rest ends in an ellipsis, and where nothing fits nothing is left', () => {
  expect(shorten('CONV_2D', 70, perCharacter)).toBe('CONV_2D');
  expect(shorten('CONV_2D', 69, perCharacter)).toBe('CONV_…');
  expect(shorten('CONV_2D', 15, perCharacter)).toBe('');
});

test('a text is measured once for each font and width', () => {
  let measured = 0;
  const context = {
    font: 'before',
    measureText: (text: string) => {
      measured++;
      return { width: perCharacter(text) };
    },
  };
  const fitter = new Fitter(context);
  expect(fitter.fit('DEPTHWISE', 50, '11px')).toBe('DEPT…');
  const once = measured;
  expect(fitter.fit('DEPTHWISE', 50, '11px')).toBe('DEPT…');
  expect(measured).toBe(once);
  expect(fitter.fit('DEPTHWISE', 90, '11px')).toBe('DEPTHWISE');
  expect(measured).toBeGreaterThan(once);
  expect(context.font).toBe('before');
});
