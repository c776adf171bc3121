/** What crosses the borders of a partition: tensors that one side writes and the other reads. Constants do not cross. */
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';

export interface BorderTensor {
  tensor: number;
  /** Into the partition, or out of it. */
  direction: 'in' | 'out';
  /** NaN where a dimension or the width of the type is not known. */
  bytes: number;
}

/** The tensors of a partition's border, each once per direction, those that go in first. */
export function bordersOf(model: Model, operators: readonly number[]): BorderTensor[] {
  const inside = new Set(operators);
  const goesIn = new Set<number>();
  const goesOut = new Set<number>();
  const results = new Set(model.subgraphOutputs.values);
  for (const operator of operators) {
    for (const tensor of rowOf(model.inputs, operator))
      if (tensor >= 0 && model.constantBytes[tensor] === 0 && !inside.has(model.producer[tensor]))
        goesIn.add(tensor);
    for (const tensor of rowOf(model.outputs, operator)) {
      const isReadOutside = rowOf(model.consumers, tensor).some((reader) => !inside.has(reader));
      if (tensor >= 0 && (isReadOutside || results.has(tensor))) goesOut.add(tensor);
    }
  }
  const entry = (direction: BorderTensor['direction']) => (tensor: number) => ({
    tensor,
    direction,
    bytes: denseBytes(model, tensor),
  });
  return [...[...goesIn].map(entry('in')), ...[...goesOut].map(entry('out'))];
}

/** NaN where a dimension is not fixed or the type has no width, as text has none. */
export function denseBytes(model: Model, tensor: number): number {
  const shape = rowOf(model.tensorShape, tensor);
  const { bits } = model.dtypes[String(model.tensorType[tensor])];
  if (bits === 0 || shape.some((size) => size < 0)) return NaN;
  return Math.ceil((shape.reduce((product, size) => product * size, 1) * bits) / 8);
}
