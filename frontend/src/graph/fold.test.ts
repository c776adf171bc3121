import { expect, test } from 'vitest';
import { foldConstants } from './fold.ts';
import { modelOf, operatorOf } from './testing.ts';
import type { Model } from '../wire/model.ts';

/** By output name, what an operator is folded into. */
function folds(model: Model, names: string[]): Record<string, number> {
  const host = foldConstants(model);
  return Object.fromEntries(names.map((name) => [name, host[operatorOf(model, name)]]));
}

test('a dequantized constant belongs to the operator that reads it', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['y'],
    constants: { half: [8, 8] },
    operators: ['full = DEQUANTIZE(half)', 'y = CONV_2D(x, full)'],
  });
  expect(folds(model, ['full', 'y'])).toEqual({ full: 1, y: -1 });
});

test('a chain ends at the operator that computes', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['y'],
    constants: { sparse: [8, 8] },
    operators: ['dense = DENSIFY(sparse)', 'full = DEQUANTIZE(dense)', 'y = CONV_2D(x, full)'],
  });
  expect(folds(model, ['dense', 'full', 'y'])).toEqual({ dense: 2, full: 2, y: -1 });
});

test('a constant that several read belongs to the first', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['z'],
    constants: { half: [8] },
    operators: ['full = DEQUANTIZE(half)', 'y = ADD(x, full)', 'z = MUL(y, full)'],
  });
  expect(folds(model, ['full'])).toEqual({ full: 1 });
});

test('what computes on activations stands on its own', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['y'],
    operators: ['real = DEQUANTIZE(x)', 'cast = CAST(real)', 'y = ADD(cast)'],
  });
  expect(folds(model, ['real', 'cast'])).toEqual({ real: -1, cast: -1 });
});

test('a result of the graph stands on its own, and what nobody reads', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['y', 'shown'],
    constants: { half: [8] },
    operators: ['shown = DEQUANTIZE(half)', 'unread = DEQUANTIZE(half)', 'y = ADD(x, shown)'],
  });
  expect(folds(model, ['shown', 'unread'])).toEqual({ shown: -1, unread: -1 });
});

test('an operator that only comes later in the file folds nothing into itself', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['y'],
    constants: { half: [8] },
    operators: ['y = ADD(x, full)', 'full = DEQUANTIZE(half)'],
  });
  expect(folds(model, ['full'])).toEqual({ full: -1 });
});
