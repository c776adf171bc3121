/**
 * What an operator or tensor is computed from and used by: breadth-first over the columns of the model, each operator and
 * tensor once. Paths are never listed one by one, since there may be exponentially many: what lies on any of them is what
 * is reached forwards from one end and backwards from the other.
 */
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';

/** By 1, what was reached. Constants are not part of it. */
export interface Reached {
  operators: Uint8Array;
  tensors: Uint8Array;
}

/** Where to start: operators and tensors. */
export interface Seeds {
  operators: Iterable<number>;
  tensors: Iterable<number>;
}

export type Way = 'inputs' | 'outputs';

/** All that seeds are computed from, or used by, up to a number of operators away; the seeds too. */
export function reach(model: Model, seeds: Seeds, way: Way, hops = Infinity): Reached {
  const operators = new Uint8Array(model.operatorCount);
  const tensors = new Uint8Array(model.tensorCount);
  const queue = new Int32Array(model.operatorCount);
  let last = 0;
  const meet = (operator: number): void => {
    if (operator < 0 || operators[operator] === 1) return;
    operators[operator] = 1;
    queue[last++] = operator;
  };
  const follow = (tensor: number): void => {
    if (tensor < 0 || tensors[tensor] === 1 || model.constantBytes[tensor] > 0) return;
    tensors[tensor] = 1;
    if (way === 'inputs') meet(model.producer[tensor]);
    else for (const operator of rowOf(model.consumers, tensor)) meet(operator);
  };
  for (const operator of seeds.operators) meet(operator);
  const nearest = last;
  for (const tensor of seeds.tensors) follow(tensor);
  const next = way === 'inputs' ? model.inputs : model.outputs;
  // One round a hop; operators at a seed tensor are one hop away already.
  let done = 0;
  let edge = nearest;
  for (let hop = 0; hop < hops && done < last; hop++) {
    for (; done < edge; done++) for (const tensor of rowOf(next, queue[done])) follow(tensor);
    edge = last;
  }
  return { operators, tensors };
}

/** All that lies on any path from one to the other, in either direction; nothing where there is none. */
export function between(model: Model, one: Seeds, other: Seeds): Reached {
  return union(
    both(reach(model, one, 'outputs'), reach(model, other, 'inputs')),
    both(reach(model, other, 'outputs'), reach(model, one, 'inputs')),
  );
}

/** What seeds are computed from and used by, up to a number of operators away. */
export function around(model: Model, seeds: Seeds, hops: number): Reached {
  return union(reach(model, seeds, 'inputs', hops), reach(model, seeds, 'outputs', hops));
}

export function sameReach(a: Reached, b: Reached): boolean {
  return sameBytes(a.operators, b.operators) && sameBytes(a.tensors, b.tensors);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function both(a: Reached, b: Reached): Reached {
  return combined(a, b, (x, y) => x & y);
}

function union(a: Reached, b: Reached): Reached {
  return combined(a, b, (x, y) => x | y);
}

function combined(a: Reached, b: Reached, by: (x: number, y: number) => number): Reached {
  return {
    operators: a.operators.map((x, i) => by(x, b.operators[i])),
    tensors: a.tensors.map((x, i) => by(x, b.tensors[i])),
  };
}
