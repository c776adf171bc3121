/** Graphs as large as files can make them: everything must come to an end, without running out of stack. */
import { expect, test, vi } from 'vitest';
import type { Csr } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import { Arranger, type Laid } from './arrange.ts';
import { assemble } from './assemble.ts';
import { sharedEndpoints } from './endpoints.ts';
import { buildHierarchy, type Hierarchy } from './hierarchy.ts';
import { CUT } from './layout/layered.ts';
import { overlap } from './layout/testing.ts';
import type { Scene } from './scene.ts';
import { MAX_LEVEL } from './structure.ts';
import { decoderStack, ModelBuilder, randomModel } from './testing.ts';

vi.setConfig({ testTimeout: 120_000 });

const MANY = 100_000;

const MODELS: Record<string, () => Model> = {
  'a chain': () => {
    const builder = new ModelBuilder();
    let x = builder.tensor('x');
    for (let i = 0; i < MANY; i++) x = builder.apply('ADD', [x, x], `t${i}`);
    return builder.subgraph('main', [0], [x]).build();
  },
  'one source for all': () => {
    const builder = new ModelBuilder();
    const source = builder.apply('ADD', [builder.tensor('x')], 'source');
    for (let i = 0; i < MANY; i++) builder.apply('ADD', [source], `t${i}`);
    return builder.subgraph('main', [0], [source]).build();
  },
  'one sink for all': () => {
    const builder = new ModelBuilder();
    const x = builder.tensor('x');
    const all = Array.from({ length: MANY }, (_, i) => builder.apply('ADD', [x], `t${i}`));
    return builder.subgraph('main', [x], [builder.apply('CONCATENATION', all, 'sink')]).build();
  },
  'inputs only': () => {
    const builder = new ModelBuilder();
    const all = Array.from({ length: MANY }, (_, i) => builder.tensor(`x${i}`));
    return builder.subgraph('main', all, [builder.apply('CONCATENATION', all, 'sink')]).build();
  },
  'nothing connected': () => {
    const builder = new ModelBuilder();
    const all = Array.from({ length: MANY }, (_, i) => builder.apply('RANDOM', [], `t${i}`));
    return builder.subgraph('main', [], all.slice(0, 5)).build();
  },
  'constants folded into one': () => {
    const builder = new ModelBuilder();
    const all = Array.from({ length: MANY }, (_, i) => {
      const constant = builder.tensor(`c${i}`, [4], 16);
      return builder.apply('DEQUANTIZE', [constant], `d${i}`);
    });
    return builder.subgraph('main', [], [builder.apply('CONCATENATION', all, 'sink')]).build();
  },
  'complete layers': () => {
    const builder = new ModelBuilder();
    const wide = (make: (i: number) => number): number[] => Array.from({ length: 30 }, (_, i) => make(i));
    const inputs = wide((i) => builder.tensor(`x${i}`));
    let layer = inputs;
    for (let l = 0; l < 30; l++) layer = wide((i) => builder.apply('ADD', layer, `layer${l}/t${i}`));
    return builder.subgraph('main', inputs, layer).build();
  },
  'complete layers, 100,000 operators': () => {
    const builder = new ModelBuilder();
    const inputs = [0, 1, 2, 3].map((i) => builder.tensor(`x${i}`));
    let layer = inputs;
    for (let i = 0; i < MANY; i += 4)
      layer = [0, 1, 2, 3].map((k) => builder.apply('ADD', layer, `t${i + k}`));
    return builder.subgraph('main', inputs, layer).build();
  },
  'scopes 5,000 deep': () => {
    const builder = new ModelBuilder();
    let x = builder.tensor('x');
    for (let i = 0, scope = ''; i < 5000; i++, scope += `${'abc'[i % 3]}/`)
      x = builder.apply('ADD', [x, x], `${scope}t`);
    return builder.subgraph('main', [0], [x]).build();
  },
  'scopes that interleave': () => {
    const builder = new ModelBuilder();
    let x = builder.tensor('x');
    for (let i = 0; i < 30_000; i++) x = builder.apply('ADD', [x], `s${i % 50}/${i % 7}/t${i}`);
    return builder.subgraph('main', [0], [x]).build();
  },
  'equal names': () => {
    const builder = new ModelBuilder();
    let x = builder.tensor('x');
    for (let i = 0; i < 30_000; i++) x = builder.apply(`TYPE${(i * i) % 13}`, [x, x], 'same/name');
    return builder.subgraph('main', [0], [x]).build();
  },
  'no names': () => {
    const builder = new ModelBuilder();
    let x = builder.tensor('');
    for (let i = 0; i < 30_000; i++) x = builder.apply('ADD', [x, x], '');
    return builder.subgraph('main', [0], [x]).build();
  },
  'a stack of 1,800 layers': () => decoderStack({ layers: 1800 }).build(),
  'a stack of 1,800 named layers': () => decoderStack({ layers: 1800, named: true }).build(),
  'a random graph': () => randomModel(30_000, 1, 40),
};

function expectSane(scene: Scene, boxes: number): void {
  expect(scene.boxes.kind.length).toBe(boxes);
  expect(scene.boxes.x.every(Number.isFinite) && scene.boxes.y.every(Number.isFinite)).toBe(true);
  expect(scene.lines.points.every(Number.isFinite)).toBe(true);
  const aspect = scene.width / scene.height;
  if (boxes > 40) expect(Math.max(aspect, 1 / aspect)).toBeLessThan(8);
}

/** Boxes for the inputs and outputs of the model's only subgraph. */
function endpoints(model: Model): number {
  const boxes = ({ values }: Csr): number => new Set(values).size - sharedEndpoints(model, values).size;
  return boxes(model.subgraphInputs) + boxes(model.subgraphOutputs);
}

function shown(hierarchy: Hierarchy): number {
  return hierarchy.host.filter((host) => host < 0).length;
}

/** Every edge goes down, or is marked. */
function expectForward({ plan }: Laid): void {
  const { source, target, state, graph } = plan;
  expect(state.every((s, e) => s === CUT || graph.rank[source[e]] < graph.rank[target[e]])).toBe(true);
}

test.each(Object.keys(MODELS))('%s', (name) => {
  const model = MODELS[name]();
  const hierarchy = buildHierarchy(model);
  for (const { children } of hierarchy.groups) expect(children.length).toBeLessThanOrEqual(MAX_LEVEL);
  expect(hierarchy.groups[0].end).toBe(model.operatorCount);
  const arranger = new Arranger(model, hierarchy);
  const closed = arranger.arrange({ root: 0, flat: false, open: new Set() });
  const flat = arranger.arrange({ root: 0, flat: true, open: new Set() });
  for (const laid of [closed, flat]) {
    expectForward(laid);
    const { boxes } = assemble(laid);
    expect(overlap(boxes, Array.from(boxes.kind.keys()))).toBeNull();
  }
  expectSane(assemble(closed), hierarchy.groups[0].children.length + endpoints(model));
  expectSane(assemble(flat), shown(hierarchy) + endpoints(model));
});

test.each(['one source for all', 'complete layers', 'a stack of 1,800 layers', 'a random graph'])(
  'the same model gives the same drawing: %s',
  (name) => {
    const [one, other] = [1, 2].map(() => {
      const model = MODELS[name]();
      const arranger = new Arranger(model, buildHierarchy(model));
      return assemble(arranger.arrange({ root: 0, flat: true, open: new Set() }));
    });
    const isSame = (a: Float64Array, b: Float64Array): boolean => a.every((value, i) => value === b[i]);
    expect(isSame(one.boxes.x, other.boxes.x) && isSame(one.boxes.y, other.boxes.y)).toBe(true);
    expect(isSame(one.lines.points, other.lines.points)).toBe(true);
  },
);
