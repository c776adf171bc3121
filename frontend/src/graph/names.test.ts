import { expect, test } from 'vitest';
import { scopeOf } from './names.ts';

test.each([
  ['model/layers.3/self_attn/q_proj/FullyConnected', ['model', 'layers.3', 'self_attn', 'q_proj'], 'FullyConnected'],
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
  ['', [], ''],
  ['///', [], '///'],
])('%s', (name, path, label) => {
  expect(scopeOf(name).path).toEqual(path);
  expect(scopeOf(name).label).toBe(label);
});
