import { expect, test } from 'vitest';
import { tensorName } from '../wire/model.ts';
import { SearchIndex } from './search.ts';
import { modelOf, randomModel } from './testing.ts';

const MODEL = modelOf({
  inputs: ['image'],
  outputs: ['net/head/probabilities'],
  constants: { kernel: [16, 3, 3, 3] },
  shapes: { image: [1, 32, 32, 3], 'net/Conv': [1, 16, 16, 16] },
  operators: ['net/Conv = CONV_2D(image, kernel)', 'net/head/probabilities = SOFTMAX(net/Conv)'],
});

function find(query: string): { operators: number[]; tensors: string[] } {
  const { operators, tensors } = new SearchIndex(MODEL).find(query);
  return { operators: [...operators], tensors: Array.from(tensors, (tensor) => tensorName(MODEL, tensor)) };
}

test.each([
  ['conv', [0], []],
  ['SOFTMAX', [1], []],
  ['net', [0, 1], []],
  ['head soft', [1], []],
  ['soft conv', [], []],
  ['#1', [1], []],
  ['float32', [0, 1], ['image', 'kernel']],
  ['16×3×3×3', [], ['kernel']],
  ['16x16', [0], []],
  ['kernel', [], ['kernel']],
  ['  image ', [], ['image']],
  ['', [], []],
  [' \t', [], []],
  ['nowhere', [], []],
])('%j', (query, operators, tensors) => {
  expect(find(query)).toEqual({ operators, tensors });
});

test('finds in file order, the same again', () => {
  const index = new SearchIndex(randomModel(500, 1));
  const { operators } = index.find('conv_2d');
  expect(operators.length).toBeGreaterThan(10);
  expect(operators).toEqual(operators.slice().sort());
  expect(index.find('conv_2d')).toEqual({ operators, tensors: new Int32Array(0) });
});
