import { expect, test } from 'vitest';
import { modelOf, ModelBuilder, operatorOf, tensorOf } from '../graph/testing.ts';
import { rowOf } from './csr.ts';
import {
  dtypeName,
  operatorFamily,
  operatorName,
  operatorTypeName,
  subgraphOf,
  subgraphOfTensor,
  tensorName,
} from './model.ts';

const MODEL = modelOf(
  {
    name: 'main',
    inputs: ['image'],
    outputs: ['probabilities'],
    constants: { kernel: [4, 3, 3, 3] },
    shapes: { image: [1, 8, 8, 3] },
    operators: [
      'feature = CONV_2D+RELU(image, kernel, -)',
      'left, right = SPLIT(feature)',
      'probabilities = ADD(left, right)',
    ],
    runs: { probabilities: { body: 1 } },
  },
  { name: 'body', inputs: ['a'], outputs: ['b'], operators: ['b = ADD(a, a)'] },
);

test('operators and tensors are numbered over all subgraphs', () => {
  expect([MODEL.operatorCount, MODEL.tensorCount]).toEqual([4, 8]);
  expect([0, 1, 2, 3].map((op) => subgraphOf(MODEL, op))).toEqual([0, 0, 0, 1]);
  expect(subgraphOfTensor(MODEL, tensorOf(MODEL, 'probabilities'))).toBe(0);
  expect(subgraphOfTensor(MODEL, tensorOf(MODEL, 'b'))).toBe(1);
  expect(MODEL.controlFlow).toEqual(new Map([[2, { body: 1 }]]));
});

test('what an operator is', () => {
  const conv = operatorOf(MODEL, 'feature');
  expect(operatorTypeName(MODEL, conv)).toBe('CONV_2D');
  expect(operatorFamily(MODEL, conv)).toBe('convolution');
  expect(operatorName(MODEL, conv)).toBe('feature');
  expect(MODEL.activation[conv]).toBe(1);
  expect(Array.from(rowOf(MODEL.inputs, conv))).toEqual([
    tensorOf(MODEL, 'image'),
    tensorOf(MODEL, 'kernel'),
    -1,
  ]);
});

test('tensors know who makes and who reads them', () => {
  const of = (name: string) => tensorOf(MODEL, name);
  expect(MODEL.producer[of('image')]).toBe(-1);
  expect(MODEL.producer[of('right')]).toBe(operatorOf(MODEL, 'left'));
  expect(Array.from(rowOf(MODEL.consumers, of('feature')))).toEqual([operatorOf(MODEL, 'left')]);
  // Read twice by one operator.
  expect(Array.from(rowOf(MODEL.consumers, of('a')))).toEqual([3, 3]);
  expect(Array.from(rowOf(MODEL.consumers, of('b')))).toEqual([]);
  expect(MODEL.constantBytes[of('kernel')]).toBe(4 * 108);
  expect(dtypeName(MODEL, of('image'))).toBe('FLOAT32');
  expect(Array.from(rowOf(MODEL.tensorShape, of('image')))).toEqual([1, 8, 8, 3]);
});

test('names are text in any language', () => {
  const builder = new ModelBuilder();
  const names = ['größe/слой/層', '', '<b>', '\u{1f600}'];
  const model = builder
    .subgraph(
      'main',
      [],
      names.map((name) => builder.tensor(name)),
    )
    .build();
  expect(names.map((_, tensor) => tensorName(model, tensor))).toEqual(names);
});

test('an operator without outputs has no name', () => {
  const builder = new ModelBuilder();
  builder.operator('ASSIGN_VARIABLE', [builder.tensor('x')], []);
  builder.operator('NOTHING', [], [-1]);
  const model = builder.subgraph('main', [0], []).build();
  expect([operatorName(model, 0), operatorName(model, 1)]).toEqual(['', '']);
});

test('a model without operators', () => {
  const model = modelOf({ inputs: ['x'], outputs: ['x'], operators: [] });
  expect(model.operatorCount).toBe(0);
  expect(model.producer).toEqual(Int32Array.of(-1));
});

test('names may be in any language', () => {
  const names = ['eingang', 'größe', '出力', 'ausgang'];
  const model = modelOf({
    inputs: [names[0]],
    outputs: [names[3]],
    operators: [
      `${names[1]} = ADD(${names[0]})`,
      `${names[2]} = ADD(${names[1]})`,
      `${names[3]} = ADD(${names[2]})`,
    ],
  });
  expect(names.map((_, tensor) => tensorName(model, tensor))).toEqual(names);
});
