import { expect, test } from 'vitest';
import { colorOf, galleryOf, inGallery, pixels, reach } from './pixels.ts';

test('the reach leaves out what is not finite', () => {
  expect(reach([1, -3, NaN, Infinity])).toBe(3);
  expect(reach([])).toBe(0);
});

test.each([false, true])('colours grow away from zero on both sides (dark: %s)', (dark) => {
  const zero = colorOf(0, 2, dark);
  const distance = (value: number): number =>
    colorOf(value, 2, dark).reduce((sum, part, i) => sum + Math.abs(part - zero[i]), 0);
  for (const sign of [-1, 1]) {
    expect(distance(sign)).toBeGreaterThan(distance(sign / 4));
    expect(distance(2 * sign)).toBeGreaterThan(distance(sign));
    expect(distance(9 * sign)).toBe(distance(2 * sign));
  }
  expect(colorOf(1, 2, dark)).not.toEqual(colorOf(-1, 2, dark));
  expect(colorOf(NaN, 2, dark)).not.toEqual(zero);
  expect(colorOf(0, 0, dark)).toEqual(zero);
});

test('a pixel is four bytes', () => {
  const bytes = pixels([0, 1], 1, false);
  expect(Array.from(bytes.slice(0, 4))).toEqual([...colorOf(0, 1, false), 255]);
  expect(bytes).toHaveLength(8);
});

test('pictures of a gallery do not touch', () => {
  const gallery = galleryOf(10, 3, 2, 1.6);
  const taken = new Set<string>();
  for (let row = 0; row < 30; row++)
    for (let column = 0; column < 2; column++) {
      const { x, y } = inGallery(gallery, { height: 3, width: 2 }, row, column);
      expect(x).toBeLessThan(gallery.width);
      expect(y).toBeLessThan(gallery.height);
      expect(x % 3).toBeLessThan(2);
      expect(y % 4).toBeLessThan(3);
      taken.add(`${x} ${y}`);
    }
  expect(taken.size).toBe(60);
});
