import { expect, test } from 'vitest';
import { placeAfter, placeAt } from './places.ts';

test('the places between the edges, and nothing beside them', () => {
  const currentTarget = { getBoundingClientRect: () => ({ left: 100 }) } as unknown as EventTarget;
  const at = (clientX: number): number | null => placeAt({ clientX, currentTarget }, 20, 400, 8);
  expect([119, 120, 169, 170, 519, 520].map(at)).toEqual([null, 0, 0, 1, 7, null]);
});

test('arrows go on and stay between the ends, from nowhere to the first, and other keys are for others', () => {
  expect(placeAfter('ArrowRight', -1, 8)).toBe(0);
  expect(placeAfter('ArrowLeft', -1, 8)).toBe(0);
  expect(placeAfter('ArrowRight', 7, 8)).toBe(7);
  expect(placeAfter('ArrowLeft', 7, 8)).toBe(6);
  expect(['Home', 'End'].map((key) => placeAfter(key, 3, 8))).toEqual([0, 7]);
  expect(placeAfter('Enter', 3, 8)).toBeNull();
});
