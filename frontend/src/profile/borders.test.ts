import { expect, test } from 'vitest';
import { ModelBuilder } from '../graph/testing.ts';
import { bordersOf, denseBytes } from './borders.ts';

/** in → A → B → C → out, where C also reads what A writes. */
function chain() {
  const builder = new ModelBuilder();
  const [input, a, b, out] = ['in', 'a', 'b', 'out'].map((name) => builder.tensor(name, [1, 8]));
  const weights = builder.tensor('weights', [8, 8], 256);
  builder.operator('CONV_2D', [input, weights], [a]);
  builder.operator('ADD', [a], [b]);
  builder.operator('ADD', [b, a], [out]);
  builder.subgraph('main', [input], [out]);
  return builder.build();
}

const sides = (operators: number[]): [number, string][] =>
  bordersOf(chain(), operators).map(({ tensor, direction }) => [tensor, direction]);

test('constants do not cross, and what stays inside does not', () => {
  expect(sides([0, 1, 2])).toEqual([
    [0, 'in'],
    [3, 'out'],
  ]);
});

test('a tensor crosses once, however often it is read', () => {
  expect(sides([1, 2])).toEqual([
    [1, 'in'],
    [3, 'out'],
  ]);
  expect(sides([0])).toEqual([
    [0, 'in'],
    [1, 'out'],
  ]);
});

test('what is read inside and outside goes out', () => {
  expect(sides([0, 1])).toEqual([
    [0, 'in'],
    [1, 'out'],
    [2, 'out'],
  ]);
});

test('bytes are those of all elements, and not known where a size is not', () => {
  expect(denseBytes(chain(), 0)).toBe(32);
  const builder = new ModelBuilder();
  builder.tensor('open', [-1, 8]);
  builder.subgraph('main', [0], []);
  expect(denseBytes(builder.build(), 0)).toBeNaN();
});
