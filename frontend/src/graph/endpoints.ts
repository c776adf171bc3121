/**
 * Inputs and outputs of a subgraph that share a box. A language model has a pair of each for the cache of every layer: where
 * there are so many, those share one that differ in nothing but the numbers in their names, and their lines are labels.
 */
import { rowOf } from '../wire/csr.ts';
import { dtypeName, tensorName, type Model } from '../wire/model.ts';
import { MAX_LEVEL } from './structure.ts';

/** Up to this many have a box each. */
const FEW = 16;

/**
 * @param tensors the inputs, or the outputs, of a subgraph
 * @returns for every tensor that has no box of its own the one in whose box it is
 */
export function sharedEndpoints(model: Model, tensors: Iterable<number>): Map<number, number> {
  const distinct = [...new Set(tensors)].filter((tensor) => tensor >= 0);
  const shared = new Map<number, number>();
  if (distinct.length <= FEW) return shared;
  const firsts = new Map<string, number>();
  let last = -1;
  for (const tensor of distinct) {
    const shape = rowOf(model.tensorShape, tensor).join('×');
    const key = `${tensorName(model, tensor).replace(/\d+/g, '#')} ${dtypeName(model, tensor)} ${shape}`;
    let first = firsts.get(key);
    if (first === undefined) {
      if (firsts.size < MAX_LEVEL) last = tensor;
      firsts.set(key, (first = last));
    }
    if (first !== tensor) shared.set(tensor, first);
  }
  return shared;
}

/** How many tensors stand in each box that several share, by the tensor that it is known by. */
export function sharedCounts(model: Model): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { offsets, values } of [model.subgraphInputs, model.subgraphOutputs])
    for (let graph = 0; graph + 1 < offsets.length; graph++)
      for (const first of sharedEndpoints(
        model,
        values.subarray(offsets[graph], offsets[graph + 1]),
      ).values())
        counts.set(first, (counts.get(first) ?? 1) + 1);
  return counts;
}
