/** What lines say of the tensors that they carry, and how heavy these are. */
import { rowOf } from '../wire/csr.ts';
import { dtypeBits, type Model } from '../wire/model.ts';
import { tensorText } from './boxes.ts';
import type { Scene } from './scene.ts';

/** `int8 1×32×32×16`, and how many more a line between groups carries. */
export function lineText(model: Model, { lines }: Scene, line: number): string {
  const text = tensorText(model, lines.tensor[line]);
  const more = rowOf(lines.tensors, line).length - 1;
  return more > 0 ? `${text} + ${more}` : text;
}

/** Bytes of a tensor's elements, as its shape declares them; 0 where their size is not known, as of strings. */
export function tensorBytes(model: Model, tensor: number): number {
  let elements = 1;
  for (const size of rowOf(model.tensorShape, tensor)) elements *= Math.max(size, 0);
  return Math.ceil((elements * dtypeBits(model, tensor)) / 8);
}

/** Up to which bytes a line is of the first, second, … weight; what is larger is of the last. */
const STEPS = [1 << 10, 1 << 14, 1 << 17, 1 << 20];

export function weightOf(bytes: number): number {
  let weight = 0;
  while (weight < STEPS.length && bytes > STEPS[weight]) weight++;
  return weight;
}
