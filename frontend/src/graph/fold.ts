import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';

const FOLDABLE = new Set(['DEQUANTIZE', 'DENSIFY', 'CAST']);

/**
 * Operators that only prepare a constant, as half-precision and sparse weights need them, belong to the operator that
 * uses the constant. Returns the operator that each is folded into, -1 for all that stand on their own.
 */
export function foldConstants(model: Model): Int32Array {
  const { operatorCount, inputs, outputs, consumers, producer, constantBytes } = model;
  const host = new Int32Array(operatorCount).fill(-1);
  const isOutput = new Uint8Array(model.tensorCount);
  for (const tensor of model.subgraphOutputs.values) if (tensor >= 0) isOutput[tensor] = 1;
  const foldable = model.operatorTypes.map((name) => FOLDABLE.has(name));
  const ready = (tensor: number): boolean => {
    if (tensor < 0) return true;
    const from = producer[tensor];
    return from < 0 ? constantBytes[tensor] > 0 : host[from] >= 0;
  };
  for (let op = 0; op < operatorCount; op++) {
    if (!foldable[model.operatorType[op]]) continue;
    const made = rowOf(outputs, op);
    if (made.length !== 1 || made[0] < 0 || isOutput[made[0]]) continue;
    const users = rowOf(consumers, made[0]);
    if (users.length > 0 && users[0] > op && rowOf(inputs, op).every(ready)) host[op] = users[0];
  }
  // A chain DENSIFY, DEQUANTIZE, CONV_2D ends at the convolution. Hosts come later in the file, so this ends.
  for (let op = operatorCount - 1; op >= 0; op--)
    if (host[op] >= 0 && host[host[op]] >= 0) host[op] = host[host[op]];
  return host;
}
