import { expect, test } from 'vitest';
import { scopeOf, withoutScope } from './names.ts';

test.each([
  [
    'model/layers.3/self_attn/q_proj/FullyConnected',
    ['model', 'layers.3', 'self_attn', 'q_proj'],
    'FullyConnected',
  ],
  ['StatefulPartitionedCall:0', [], 'StatefulPartitionedCall'],
  ['mnet/stem_relu6/Relu6;mnet/stem_bn/FusedBatchNormV3;mnet/stem/Conv2D1', ['mnet'], 'stem'],
  ['model_1/conv2d/Relu;model_1/conv2d/BiasAdd;model_1/conv2d/Conv2D;', ['model_1', 'conv2d'], 'Relu'],
  ['transpose;1', [], 'transpose'],
  ['conv2d_12', [], 'conv2d_12'],
  ['model_8/dilated/Conv2D1', ['model_8', 'dilated'], 'Conv2D'],
  ['model_8/ln/FusedBatchNormV310', ['model_8', 'ln'], 'FusedBatchNormV3'],
  ['a/Relu6', ['a'], 'Relu6'],
  ['a/Relu61', ['a'], 'Relu6'],
  ['mha/key/einsum/Einsum2', ['mha', 'key', 'einsum'], 'Einsum'],
  ['a/b;c/d', [], 'a/b'],
  ['net/block1_conv;net/block1_bias;net/block2', ['net'], 'block1_conv'],
  ['net/add_1;net/add_2', ['net'], 'add'],
  ['x/y:0;x/y:1', ['x'], 'y'],
  ['//a///b', ['a'], 'b'],
  ['', [], ''],
  ['///', [], '///'],
  [';;', [], ';;'],
])('%s', (name, path, label) => {
  expect(scopeOf(name).path).toEqual(path);
  expect(scopeOf(name).label).toBe(label);
});

test('names are told apart by what they do not share', () => {
  expect(withoutScope(['net/a/x;net/b', 'net/a/y', 'net/b'])).toEqual(['a/x', 'a/y', 'b']);
  expect(withoutScope(['net/a', 'net/a'])).toEqual(['a', 'a']);
  expect(withoutScope(['net/a', '', 'net/b'])).toEqual(['net/a', '', 'net/b']);
  expect(withoutScope([])).toEqual([]);
});

test.each([
  ['separators', `${'_'.repeat(1e6)}a;${'_'.repeat(1e6)}b`],
  ['letters', `${'a'.repeat(1e6)}_b;${'a'.repeat(1e6)}c`],
  ['parts', 'a;'.repeat(5e5)],
  ['scopes', 'a/'.repeat(5e5)],
  ['digits', `Conv${'1'.repeat(1e6)}`],
])('a name of a million %s takes no more time than reading it', (_, name) => {
  expect(scopeOf(name).label.length).toBeGreaterThan(0);
});
