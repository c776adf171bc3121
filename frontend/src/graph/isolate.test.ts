import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { openIdOf } from './calls.ts';
import { buildHierarchy, type Hierarchy } from './hierarchy.ts';
import { Kept } from './isolate.ts';
import { itemAt, type Item } from './items.ts';
import { around, type Reached } from './reach.ts';
import { brokenSceneRules } from './scene-rules.ts';
import type { Scene, View } from './scene.ts';
import { decoderStack, modelOf, operatorOf, randomModel } from './testing.ts';
import { reachedBy, tracedIn, type TraceKind } from './traced.ts';
import { operatorTypeName, tensorName, type Model } from '../wire/model.ts';

function show(model: Model, hierarchy: Hierarchy, reached: Reached, view: Partial<View> = {}): Scene {
  const it = new Arranger(model, hierarchy, new Kept(model, hierarchy, reached));
  return assemble(it.arrange({ root: 0, flat: false, open: new Set<number>(), ...view }));
}

function everyGroup({ groups }: Hierarchy): Set<number> {
  return new Set(groups.map(({ id }) => id));
}

describe('of any model and trace', () => {
  test.each(Array.from({ length: 8 }, (_, seed) => [seed]))('scenes are sound: %i', (seed) => {
    const model = randomModel(40 + 30 * seed, seed);
    const hierarchy = buildHierarchy(model);
    const reached = around(model, { operators: [seed, 20 + seed], tensors: [] }, 2);
    for (const view of [{}, { open: everyGroup(hierarchy) }, { flat: true }])
      expect([...brokenSceneRules(show(model, hierarchy, reached, view))]).toEqual([]);
  });

  test.each(Array.from({ length: 8 }, (_, seed) => [seed]))('all that is shown is traced: %i', (seed) => {
    const model = randomModel(40 + 30 * seed, seed);
    const hierarchy = buildHierarchy(model);
    const reached = around(model, { operators: [seed], tensors: [] }, 3);
    for (const view of [{}, { open: everyGroup(hierarchy) }, { flat: true }]) {
      const scene = show(model, hierarchy, reached, view);
      const { boxes, lines } = tracedIn(scene, hierarchy, reached);
      expect(boxes.every((is) => is === 1)).toBe(true);
      expect(lines.every((is) => is === 1)).toBe(true);
    }
  });

  test.each(Array.from({ length: 8 }, (_, seed) => [seed]))('all that is traced is shown: %i', (seed) => {
    const model = randomModel(40 + 30 * seed, seed);
    const hierarchy = buildHierarchy(model);
    const reached = around(model, { operators: [seed], tensors: [] }, 3);
    const scene = show(model, hierarchy, reached, { flat: true });
    const found = [...scene.boxes.kind.keys()].map((box) => itemAt(scene, box));
    const operators = new Set(found.filter(({ kind }) => kind === 'operator').map(({ id }) => id));
    const wanted = [...reached.operators.keys()].filter(
      (id) => reached.operators[id] === 1 && hierarchy.host[id] < 0,
    );
    expect(wanted.length).toBeGreaterThan(1);
    expect(operators).toEqual(new Set(wanted));
  });
});

describe('what is left', () => {
  const model = decoderStack({ layers: 12, named: true }).build();
  const hierarchy = buildHierarchy(model);
  const whole = assemble(new Arranger(model, hierarchy).arrange({ root: 0, flat: true, open: new Set() }));
  const reached = around(model, { operators: [100], tensors: [] }, 3);

  test('takes no more room than it needs', () => {
    const scene = show(model, hierarchy, reached, { flat: true });
    expect(scene.boxes.kind.length).toBeLessThan(whole.boxes.kind.length / 4);
    expect(scene.width * scene.height).toBeLessThan((whole.width * whole.height) / 4);
  });

  test('keeps its places when one opens what is in it', () => {
    const it = new Arranger(model, hierarchy, new Kept(model, hierarchy, reached));
    const closed = it.arrange({ root: 0, flat: false, open: new Set() });
    const opened = it.arrange({ root: 0, flat: false, open: everyGroup(hierarchy) });
    expect(opened.plan).toBe(closed.plan);
  });
});

test('a view in which there is nothing of it is shown whole', () => {
  const model = decoderStack({ layers: 4, named: true }).build();
  const hierarchy = buildHierarchy(model);
  const none = { operators: new Uint8Array(model.operatorCount), tensors: new Uint8Array(model.tensorCount) };
  const all = new Arranger(model, hierarchy).arrange({ root: 0, flat: false, open: new Set() });
  expect(show(model, hierarchy, none).boxes).toEqual(assemble(all).boxes);
});

describe('subgraphs', () => {
  const MODEL = modelOf(
    {
      inputs: ['x', 'y'],
      outputs: ['end', 'other'],
      operators: ['a = MUL(x)', 'loop = WHILE(a)', 'end = ADD(loop)', 'other = ADD(y)', 'more = SUB(other)'],
      runs: { loop: { body: 1 } },
    },
    { name: 'body', inputs: ['i'], outputs: ['k'], operators: ['j = NEG(i)', 'k = EXP(j)'] },
  );
  const HIERARCHY = buildHierarchy(MODEL);
  const LOOP = openIdOf(HIERARCHY, operatorOf(MODEL, 'loop'));

  function names(kind: TraceKind, name: string, open: number[]): string[] {
    const of: Item[] = [{ kind: 'operator', id: operatorOf(MODEL, name) }];
    const reached = reachedBy(MODEL, HIERARCHY, { kind, of, hops: 1, hidesRest: true });
    const scene = show(MODEL, HIERARCHY, reached, { open: new Set(open) });
    expect([...brokenSceneRules(scene)]).toEqual([]);
    return [...scene.boxes.kind.keys()]
      .map((box) => itemAt(scene, box))
      .map((item) =>
        item.kind === 'operator'
          ? operatorTypeName(MODEL, item.id)
          : item.kind === 'group'
            ? HIERARCHY.groups[item.id].name
            : tensorName(MODEL, item.id),
      )
      .sort();
  }

  test('what an operator of the trace runs is there in full', () => {
    expect(names('inputs', 'loop', [])).toEqual(['MUL', 'WHILE', 'x']);
    expect(names('inputs', 'loop', [LOOP, 1])).toEqual(['EXP', 'MUL', 'NEG', 'WHILE', 'body', 'x']);
  });

  test('of a trace within a subgraph there is the operator that runs it, and nothing beside that', () => {
    expect(names('inputs', 'j', [LOOP, 1])).toEqual(['NEG', 'WHILE', 'body']);
    expect(names('inputs', 'j', [])).toEqual(['WHILE']);
  });
});
