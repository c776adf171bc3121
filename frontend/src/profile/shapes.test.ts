import { expect, test } from 'vitest';
import type { Model } from '../wire/model.ts';
import { openInputs, parseShape } from './shapes.ts';

test('sizes are separated as people write them', () => {
  expect(parseShape('1 × 224x224, 3')).toEqual([1, 224, 224, 3]);
  expect(parseShape('')).toEqual([]);
  expect(parseShape('1,-1')).toBeNull();
  expect(parseShape('one')).toBeNull();
});

test('only inputs with a size that is not fixed are asked for, by the names of their signature', () => {
  const endpoint = (tensor: number, shape: number[]) => ({
    tensor,
    name: `t${tensor}`,
    dtype: 'FLOAT32',
    shape,
  });
  const summary = {
    subgraphs: [{ inputs: [endpoint(4, [-1, 3]), endpoint(5, [1, 3]), null] }],
    signatures: [{ key: 'serve', subgraph: 0, inputs: { image: 4, mask: 5 }, outputs: {} }],
  };
  const model = { summary } as unknown as Model;
  expect(openInputs(model, 'serve')).toEqual([{ name: 'image', shape: [-1, 3] }]);
  expect(openInputs(model, null)).toEqual([{ name: 't4', shape: [-1, 3] }]);
});
