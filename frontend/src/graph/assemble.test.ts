import { describe, expect, test } from 'vitest';
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { buildHierarchy, openAtFirst, type Hierarchy } from './hierarchy.ts';
import { CUT } from './layout/layered.ts';
import { buildLevel } from './level.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPERATOR, OUTPUT, type Scene, type View } from './scene.ts';
import { brokenSceneRules } from './scene-rules.ts';
import { decoderStack, modelOf, randomModel, tensorOf } from './testing.ts';

function show(model: Model, hierarchy: Hierarchy, view: Partial<View>): Scene {
  const whole = { root: 0, flat: false, open: new Set<number>(), ...view };
  return assemble(new Arranger(model, hierarchy).arrange(whole));
}

function everyGroup({ groups }: Hierarchy): Set<number> {
  return new Set(groups.map(({ id }) => id));
}

describe('every scene is sound', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => [seed]))('random model %i', (seed) => {
    const model = randomModel(20 + 25 * seed, seed);
    const hierarchy = buildHierarchy(model);
    const inner = hierarchy.groups.at(-1)!.id;
    const views: Partial<View>[] = [
      {},
      { open: openAtFirst(hierarchy, 0) },
      { open: everyGroup(hierarchy) },
      { flat: true },
      { root: inner, open: everyGroup(hierarchy) },
    ];
    for (const view of views) expect([...brokenSceneRules(show(model, hierarchy, view))]).toEqual([]);
  });

  test('a stack of layers', () => {
    const model = decoderStack({ layers: 12, named: true }).build();
    const hierarchy = buildHierarchy(model);
    for (const open of [new Set<number>(), openAtFirst(hierarchy, 0), everyGroup(hierarchy)])
      expect([...brokenSceneRules(show(model, hierarchy, { open }))]).toEqual([]);
  });
});

const MODEL = modelOf({
  inputs: ['x', 'mask'],
  outputs: ['b/two'],
  operators: [
    'a/one = CONV_2D(x)',
    'a/two = ADD(a/one)',
    'b/one = MUL(a/one, a/two)',
    'b/two = ADD(b/one, mask)',
  ],
});
const HIERARCHY = buildHierarchy(MODEL);
const [A, B] = [1, 2];

test('boxes come parents first, and say what they are', () => {
  const { boxes } = show(MODEL, HIERARCHY, { open: new Set([A]) });
  const rows = Array.from(boxes.kind, (kind, i) => [kind, boxes.item[i], boxes.parent[i]]);
  expect(rows).toEqual([
    [INPUT, tensorOf(MODEL, 'x'), -1],
    [INPUT, tensorOf(MODEL, 'mask'), -1],
    [OPEN_GROUP, A, -1],
    [CLOSED_GROUP, B, -1],
    [OUTPUT, tensorOf(MODEL, 'b/two'), -1],
    [OPERATOR, 0, 2],
    [OPERATOR, 1, 2],
  ]);
});

test('tensors that leave an open group by different ports have lines of their own', () => {
  const closed = show(MODEL, HIERARCHY, {});
  const opened = show(MODEL, HIERARCHY, { open: new Set([A]) });
  const between = ({ boxes, lines }: Scene): [number, number][] => {
    const box = (group: number): number =>
      Array.from(boxes.kind).findIndex(
        (kind, i) => (kind === CLOSED_GROUP || kind === OPEN_GROUP) && boxes.item[i] === group,
      );
    return Array.from(lines.from, (from, i): [number, number] => [from, i])
      .filter(([from, i]) => from === box(A) && lines.to[i] === box(B))
      .map(([, i]) => [lines.tensor[i], rowOf(lines.tensors, i).length]);
  };
  expect(between(closed)).toEqual([[tensorOf(MODEL, 'a/one'), 2]]);
  expect(between(opened).sort()).toEqual(
    [
      [tensorOf(MODEL, 'a/one'), 1],
      [tensorOf(MODEL, 'a/two'), 1],
    ].sort(),
  );
});

test('lines meet at the border of an open group', () => {
  const scene = show(MODEL, HIERARCHY, { open: new Set([A, B]) });
  const { lines, boxes } = scene;
  const ends = (tensor: number): { start: string[]; end: string[] } => {
    const found = { start: [] as string[], end: [] as string[] };
    for (let i = 0; i < lines.from.length; i++)
      if (lines.tensor[i] === tensor) {
        const at = (p: number): string => `${lines.points[p].toFixed(3)} ${lines.points[p + 1].toFixed(3)}`;
        found.start.push(at(lines.offsets[i]));
        found.end.push(at(lines.offsets[i + 1] - 2));
      }
    return found;
  };
  // a/one: to a/two inside, out of a, on to b, and inside b.
  const { start, end } = ends(tensorOf(MODEL, 'a/one'));
  expect(start.length).toBe(4);
  expect(start.filter((point) => end.includes(point)).length).toBe(2);
  expect(boxes.kind.filter((kind) => kind === OPEN_GROUP).length).toBe(2);
});

describe('cut edges', () => {
  const far = modelOf({
    inputs: ['x', 'mask'],
    outputs: ['t20'],
    operators: Array.from({ length: 20 }, (_, i) => `t${i + 1} = ADD(${i === 0 ? 'x' : `t${i}`}, mask)`),
  });
  const hierarchy = buildHierarchy(far);
  const scene = show(far, hierarchy, {});
  const { stubs, boxes } = scene;
  const mask = tensorOf(far, 'mask');

  test('leave one label where their tensor leaves, that counts them', () => {
    const leaving = Array.from(stubs.arrives.keys()).filter((i) => stubs.arrives[i] === 0);
    expect(leaving.length).toBe(1);
    const [stub] = leaving;
    expect(stubs.tensor[stub]).toBe(mask);
    expect(boxes.kind[stubs.box[stub]]).toBe(INPUT);
    expect(stubs.y[stub]).toBe(boxes.y[stubs.box[stub]] + boxes.height[stubs.box[stub]]);
    const cut = new Arranger(far, hierarchy).arrange({ root: 0, flat: false, open: new Set() }).plan.state;
    expect(stubs.count[stub]).toBe(cut.filter((state) => state === CUT).length);
  });

  test('and one above each box where they arrive', () => {
    const arriving = Array.from(stubs.arrives.keys()).filter((i) => stubs.arrives[i] === 1);
    expect(new Set(arriving.map((i) => stubs.box[i])).size).toBe(arriving.length);
    for (const i of arriving) {
      expect(stubs.y[i]).toBe(boxes.y[stubs.box[i]]);
      expect(stubs.x[i]).toBeLessThan(boxes.x[stubs.box[i]] + boxes.width[stubs.box[i]]);
    }
  });

  test('that find no place at a side share the last label', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `t${i + 1} = ADD(${i === 0 ? 'x' : `t${i}`})`);
    const inputs = Array.from({ length: 30 }, (_, i) => `far${i}`);
    const model = modelOf({
      inputs: ['x'],
      outputs: ['end'],
      operators: [
        ...inputs.map((name) => `${name} = ADD(x)`),
        ...lines,
        `end = CONCATENATION(t20, ${inputs.join(', ')})`,
      ],
    });
    const { stubs: found, boxes: all } = show(model, buildHierarchy(model), { flat: true });
    const last = Array.from(found.box.keys()).filter((i) => found.arrives[i] === 1 && found.count[i] > 1);
    expect(last.length).toBe(1);
    const at = found.box[last[0]];
    for (let i = 0; i < found.box.length; i++)
      if (found.box[i] === at) expect(found.x[i]).toBeLessThan(all.x[at] + all.width[at]);
  });
});

test('every edge is a line, or has a label at both ends', () => {
  const model = randomModel(300, 9);
  const hierarchy = buildHierarchy(model);
  const { source } = buildLevel(model, hierarchy, 0, true);
  const scene = show(model, hierarchy, { flat: true });
  const { state } = new Arranger(model, hierarchy).arrange({ root: 0, flat: true, open: new Set() }).plan;
  expect(scene.lines.from.length).toBe(source.length - state.filter((s) => s === CUT).length);
  expect(scene.stubs.box.length > 0).toBe(state.includes(CUT));
});
