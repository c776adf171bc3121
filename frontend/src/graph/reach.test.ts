import { describe, expect, test } from 'vitest';
import { around, between, reach, type Reached, type Seeds } from './reach.ts';
import { decoderStack, modelOf, operatorOf, randomModel, tensorOf } from './testing.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorName } from '../wire/model.ts';

//  x → a → b → d → e
//        ↘ c ↗     f reads the same constant as a
const MODEL = modelOf({
  inputs: ['x', 'y'],
  outputs: ['e', 'f'],
  constants: { w: [8] },
  operators: ['a = MUL(x, w)', 'b = ADD(a)', 'c = ADD(a)', 'd = ADD(b, c)', 'e = ADD(d)', 'f = MUL(y, w)'],
});

const seeds = (...names: string[]): Seeds => ({
  operators: names.map((name) => operatorOf(MODEL, name)),
  tensors: [],
});
const names = ({ operators }: Reached): string =>
  [...operators].flatMap((is, id) => (is === 1 ? [operatorName(MODEL, id)] : [])).join(' ');

describe('what is reached', () => {
  test('forwards and backwards', () => {
    expect(names(reach(MODEL, seeds('b'), 'inputs'))).toBe('a b');
    expect(names(reach(MODEL, seeds('b'), 'outputs'))).toBe('b d e');
    expect(names(reach(MODEL, seeds('a'), 'outputs'))).toBe('a b c d e');
  });

  test('includes tensors, but not constants: what shares one is not connected by it', () => {
    const { tensors } = reach(MODEL, seeds('b'), 'inputs');
    expect(tensors[tensorOf(MODEL, 'x')]).toBe(1);
    expect(tensors[tensorOf(MODEL, 'w')]).toBe(0);
    expect(names(around(MODEL, seeds('a'), 3))).toBe('a b c d e');
  });

  test('from a tensor its maker, or its readers', () => {
    const from = { operators: [], tensors: [tensorOf(MODEL, 'a')] };
    expect(names(reach(MODEL, from, 'inputs'))).toBe('a');
    expect(names(reach(MODEL, from, 'outputs', 1))).toBe('b c');
  });

  test('within a number of operators', () => {
    expect(names(around(MODEL, seeds('d'), 1))).toBe('b c d e');
    expect(names(around(MODEL, seeds('d'), 2))).toBe('a b c d e');
    expect(names(reach(MODEL, seeds('a'), 'outputs', 0))).toBe('a');
  });
});

describe('what lies between two', () => {
  test('on any path, whichever is named first', () => {
    expect(names(between(MODEL, seeds('a'), seeds('d')))).toBe('a b c d');
    expect(names(between(MODEL, seeds('d'), seeds('a')))).toBe('a b c d');
    expect(names(between(MODEL, seeds('b'), seeds('e')))).toBe('b d e');
  });

  test('nothing where no path is', () => {
    expect(names(between(MODEL, seeds('b'), seeds('c')))).toBe('');
    expect(names(between(MODEL, seeds('a'), seeds('f')))).toBe('');
  });

  test('agrees with listing all paths', () => {
    for (let seed = 0; seed < 20; seed++) {
      const model = randomModel(14, seed);
      const on = between(model, { operators: [2], tensors: [] }, { operators: [12], tensors: [] });
      const listed = new Set<number>();
      const walk = (path: number[]): void => {
        const last = path[path.length - 1];
        if (last === 12) for (const operator of path) listed.add(operator);
        else
          for (const tensor of rowOf(model.outputs, last))
            for (const next of rowOf(model.consumers, tensor)) walk([...path, next]);
      };
      walk([2]);
      expect([...on.operators].flatMap((is, id) => (is === 1 ? [id] : []))).toEqual(
        [...listed].sort((a, b) => a - b),
      );
    }
  });
});

test('paths of a graph with more of them than atoms in the universe take no time', () => {
  const model = decoderStack({ layers: 400 }).build();
  const [first, last] = [0, model.operatorCount - 1];
  const on = between(model, { operators: [first], tensors: [] }, { operators: [last], tensors: [] });
  expect(on.operators[first] + on.operators[last]).toBe(2);
  expect(on.operators.reduce((sum, is) => sum + is, 0)).toBeGreaterThan(0.9 * model.operatorCount);
});
