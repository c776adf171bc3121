import { expect, test } from 'vitest';
import { randomNumbers } from '../testing.ts';
import { Grid, overlap, type Place } from './grid.ts';

test('places overlap when they share room', () => {
  const place = { x: 0, y: 0, width: 20, height: 10 };
  expect(overlap(place, { ...place, x: 15 })).toBe(true);
  expect(overlap(place, { ...place, x: 20 })).toBe(false);
  expect(overlap(place, { ...place, y: 11 })).toBe(false);
});

test('a grid finds what comparing with all finds', () => {
  const random = randomNumbers(7);
  const anywhere = (): Place => ({
    x: 2000 * random() - 200,
    y: 2000 * random() - 200,
    width: 1 + 300 * random() ** 3,
    height: 1 + 80 * random(),
  });
  const grid = new Grid();
  const all: Place[] = [];
  for (let i = 0; i < 400; i++) {
    const place = anywhere();
    expect(grid.hits(place)).toBe(all.some((other) => overlap(other, place)));
    grid.add(place);
    all.push(place);
  }
});
