import { describe, expect, test } from 'vitest';
import { rowOf } from '../wire/csr.ts';
import { tensorName, type Model } from '../wire/model.ts';
import { buildHierarchy, type Hierarchy } from './hierarchy.ts';
import {
  buildLevel,
  CHILD,
  GRAPH_INPUT,
  GRAPH_OUTPUT,
  INPUT_PORT,
  MAX_PORTS,
  OUTPUT_PORT,
  subgraphRoot,
  type Level,
} from './level.ts';
import { ModelBuilder, modelOf, operatorOf, randomModel } from './testing.ts';

function named(model: Model, hierarchy: Hierarchy, level: Level, node: number): string {
  const item = level.item[node];
  const sort = { [INPUT_PORT]: '>', [OUTPUT_PORT]: '<', [GRAPH_INPUT]: 'in ', [GRAPH_OUTPUT]: 'out ' }[
    level.kind[node]
  ];
  if (sort !== undefined) return sort + tensorName(model, item);
  return item < 0 ? `[${hierarchy.groups[~item].name}]` : tensorName(model, rowOf(model.outputs, item)[0]);
}

/** Nodes, and edges as `a -> b: tensors`. */
function described(model: Model, hierarchy: Hierarchy, group: number, flat = false) {
  const level = buildLevel(model, hierarchy, group, flat);
  const name = (node: number): string => named(model, hierarchy, level, node);
  return {
    nodes: Array.from(level.kind, (_, node) => name(node)),
    edges: Array.from(level.source, (from, e) => {
      const tensors = Array.from(rowOf(level.tensors, e), (tensor) => tensorName(model, tensor));
      return `${name(from)} -> ${name(level.target[e])}: ${tensors.join(' ')}`;
    }),
  };
}

const MODEL = modelOf({
  inputs: ['x', 'mask', 'unread'],
  outputs: ['b/two', 'a/two', 'x'],
  constants: { half: [8] },
  operators: [
    'w = DEQUANTIZE(half)',
    'a/one = CONV_2D(x, w)',
    'a/two = ADD(a/one, a/one)',
    'b/one = MUL(a/one, a/two)',
    'b/two = ADD(b/one, mask)',
  ],
});
const HIERARCHY = buildHierarchy(MODEL);
const [GROUP_A, GROUP_B] = HIERARCHY.groups.slice(1).map(({ id }) => id);

test('at the top stand inputs and outputs; edges are lifted to groups and joined', () => {
  expect(described(MODEL, HIERARCHY, 0)).toEqual({
    nodes: ['in x', 'in mask', 'in unread', '[a]', '[b]', 'out a/two', 'out b/two', 'out x'],
    edges: [
      'in x -> [a]: x',
      'in x -> out x: x',
      'in mask -> [b]: mask',
      '[a] -> [b]: a/one a/two',
      '[a] -> out a/two: a/two',
      '[b] -> out b/two: b/two',
    ],
  });
});

test('flat, all operators stand there but those that are folded', () => {
  const { nodes, edges } = described(MODEL, HIERARCHY, 0, true);
  expect(nodes.slice(3, 7)).toEqual(['a/one', 'a/two', 'b/one', 'b/two']);
  expect(edges).toContain('a/one -> a/two: a/one');
  expect(edges).toContain('a/one -> b/one: a/one');
});

test('in a group, what crosses its border meets ports', () => {
  expect(described(MODEL, HIERARCHY, GROUP_A)).toEqual({
    nodes: ['>x', 'a/one', 'a/two', '<a/one', '<a/two'],
    edges: ['>x -> a/one: x', 'a/one -> a/two: a/one', 'a/one -> <a/one: a/one', 'a/two -> <a/two: a/two'],
  });
  expect(described(MODEL, HIERARCHY, GROUP_B).nodes).toEqual([
    '>a/one',
    '>a/two',
    '>mask',
    'b/one',
    'b/two',
    '<b/two',
  ]);
});

test('a group knows by which port each tensor goes', () => {
  const { inputs, outputs, item } = buildLevel(MODEL, HIERARCHY, GROUP_A, false);
  for (const border of [inputs, outputs])
    for (const [tensor, node] of border) expect(item[node]).toBe(tensor);
  expect([inputs.size, outputs.size]).toEqual([1, 2]);
});

test('the subgraph of a group', () => {
  expect([0, GROUP_A, GROUP_B].map((id) => subgraphRoot(HIERARCHY, id))).toEqual([0, 0, 0]);
});

test('tensors beyond the number of ports share the last one', () => {
  const builder = new ModelBuilder();
  const many = MAX_PORTS + 10;
  const inputs = Array.from({ length: many }, (_, i) => builder.tensor(`x${i}`));
  const outputs = inputs.map((x, i) => builder.apply('ADD', [x], `g/y${i}`));
  const end = builder.apply('CONCATENATION', outputs, 'end');
  const model = builder.subgraph('main', inputs, [end]).build();
  const hierarchy = buildHierarchy(model);
  const { id } = hierarchy.groups.find(({ name }) => name === 'g')!;
  const level = buildLevel(model, hierarchy, id, true);
  const count = (kind: number): number => level.kind.filter((k) => k === kind).length;
  expect([count(INPUT_PORT), count(CHILD), count(OUTPUT_PORT)]).toEqual([MAX_PORTS, many, MAX_PORTS]);
  const last = level.kind.lastIndexOf(INPUT_PORT);
  for (let i = 0; i < many; i++) {
    expect(level.inputs.get(inputs[i])).toBe(Math.min(i, last));
    expect(level.outputs.get(outputs[i])).toBe(level.kind.length - MAX_PORTS + Math.min(i, MAX_PORTS - 1));
  }
});

describe('levels of random models', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%i', (seed) => {
    const model = randomModel(200, seed);
    const hierarchy = buildHierarchy(model);
    for (const { id } of hierarchy.groups)
      for (const flat of [false, true]) {
        const { kind, source, target, tensors } = buildLevel(model, hierarchy, id, flat);
        const pairs = new Set(Array.from(source, (from, e) => `${from} ${target[e]}`));
        expect(pairs.size).toBe(source.length);
        for (let e = 0; e < source.length; e++) {
          const carried = Array.from(rowOf(tensors, e));
          expect(source[e]).not.toBe(target[e]);
          expect(carried.length).toBeGreaterThan(0);
          expect(new Set(carried).size).toBe(carried.length);
        }
        expect(Array.from(kind)).toEqual([...kind].sort((a, b) => stage(a) - stage(b)));
      }
  });

  const stage = (kind: number): number =>
    kind === CHILD ? 1 : kind === INPUT_PORT || kind === GRAPH_INPUT ? 0 : 2;
});

test('an operator without a reader stands there too', () => {
  const model = modelOf({ inputs: ['x'], outputs: ['y'], operators: ['lost = ADD(x)', 'y = MUL(x)'] });
  const hierarchy = buildHierarchy(model);
  expect(described(model, hierarchy, 0).nodes).toContain('lost');
  expect(operatorOf(model, 'lost')).toBe(0);
});
