import { expect, test } from 'vitest';
import { placeAt } from './pointer.ts';

test('the places between the edges, and nothing beside them', () => {
  const currentTarget = { getBoundingClientRect: () => ({ left: 100 }) } as unknown as EventTarget;
  const at = (clientX: number): number | null => placeAt({ clientX, currentTarget }, 20, 400, 8);
  expect([119, 120, 169, 170, 519, 520].map(at)).toEqual([null, 0, 0, 1, 7, null]);
});
