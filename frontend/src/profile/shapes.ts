/** Inputs whose shape a run has to be told. */
import type { Model } from '../wire/model.ts';

export interface OpenInput {
  name: string;
  /** -1 where not fixed. */
  shape: number[];
}

/** The inputs of an entry point that have a dimension that is not fixed, by the names that the runtime takes. */
export function openInputs({ summary }: Model, signature: string | null): OpenInput[] {
  const entry = summary.signatures.find(({ key }) => key === signature);
  const endpoints = summary.subgraphs[entry?.subgraph ?? 0]?.inputs ?? [];
  const nameOf = new Map(Object.entries(entry?.inputs ?? {}).map(([name, tensor]) => [tensor, name]));
  return endpoints
    .filter((endpoint) => endpoint !== null)
    .filter(({ shape }) => shape.some((size) => size < 0))
    .map(({ tensor, name, shape }) => ({ name: nameOf.get(tensor) ?? name, shape }));
}

/** What is suggested for a shape: 1 for what is not fixed. */
export function shapeText(shape: readonly number[]): string {
  return shape.map((size) => Math.max(size, 1)).join(' × ');
}

/** Sizes separated by ×, x, commas or blanks; null where that is not what it says. */
export function parseShape(text: string): number[] | null {
  const parts = text.split(/[\s,x×]+/).filter((part) => part !== '');
  const sizes = parts.map(Number);
  return sizes.every((size) => Number.isInteger(size) && size > 0) ? sizes : null;
}
