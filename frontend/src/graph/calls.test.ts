import { describe, expect, test } from 'vitest';
import type { Model } from '../wire/model.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { calleesOf, calleeTitle, openableIn, openIdOf, operatorOfOpenId } from './calls.ts';
import { buildHierarchy, type Hierarchy } from './hierarchy.ts';
import { BACKWARD } from './layout/layered.ts';
import { familyLens } from '../lens/lens.ts';
import { LIGHT } from '../lib/palette.ts';
import { drawingOf, paintOf } from './model-drawing.ts';
import { CLOSED_GROUP, OPEN_GROUP, OPEN_OPERATOR, OPERATOR, type Scene, type View } from './scene.ts';
import { brokenSceneRules } from './scene-rules.ts';
import { modelOf, operatorOf, tensorOf, type GraphText } from './testing.ts';

const MAIN: GraphText = {
  name: 'main',
  inputs: ['x', 'flag'],
  outputs: ['end'],
  constants: { steps: [1] },
  operators: [
    'net/a = ADD(x)',
    'net/b, count = WHILE(net/a, steps)',
    'net/c = IF(flag, net/b)',
    'end = ADD(net/c)',
  ],
  runs: { 'net/b': { cond: 1, body: 2 }, 'net/c': { then: 3, else: 3 } },
};
const COND: GraphText = { name: 'cond', inputs: ['c', 'd'], outputs: ['e'], operators: ['e = LESS(c, d)'] };
const BODY: GraphText = {
  name: 'body',
  inputs: ['f', 'g'],
  outputs: ['h', 'g'],
  operators: ['block/f1 = ADD(f)', 'block/f2 = MUL(block/f1)', 'h = CALL(block/f2)'],
  runs: { h: { callee: 3 } },
};
const BRANCH: GraphText = { name: 'branch', inputs: ['i'], outputs: ['k'], operators: ['k = RELU(i)'] };

const MODEL = modelOf(MAIN, COND, BODY, BRANCH);
const HIERARCHY = buildHierarchy(MODEL);
const [LOOP, IF, CALL] = ['net/b', 'net/c', 'h'].map((name) => operatorOf(MODEL, name));
const NET = HIERARCHY.groupOf[LOOP];

function show(view: Partial<View>, model: Model = MODEL, hierarchy: Hierarchy = HIERARCHY): Scene {
  const scene = assemble(
    new Arranger(model, hierarchy).arrange({ root: 0, flat: false, open: new Set(), ...view }),
  );
  expect([...brokenSceneRules(scene)]).toEqual([]);
  return scene;
}

function operatorsIn({ boxes }: Scene): number[] {
  return Array.from(boxes.item)
    .filter((_, i) => boxes.kind[i] === OPERATOR || boxes.kind[i] === OPEN_OPERATOR)
    .sort((a, b) => a - b);
}

function kindOf({ boxes }: Scene, kinds: number[], item: number): number[] {
  return Array.from(boxes.kind).filter((kind, i) => kinds.includes(kind) && boxes.item[i] === item);
}

const id = (operator: number): number => openIdOf(HIERARCHY, operator);

describe('what an operator runs', () => {
  test('in its roles', () => {
    expect(calleesOf(MODEL, LOOP)).toEqual([
      { subgraph: 1, roles: ['cond'] },
      { subgraph: 2, roles: ['body'] },
    ]);
    expect(calleesOf(MODEL, IF)).toEqual([{ subgraph: 3, roles: ['then', 'else'] }]);
    expect(calleesOf(MODEL, 0)).toEqual([]);
    expect(calleeTitle(MODEL, HIERARCHY, IF, 3)).toBe('then, else: branch');
  });

  test('is open by numbers that no group has', () => {
    expect(id(LOOP)).toBeGreaterThanOrEqual(HIERARCHY.groups.length);
    expect(operatorOfOpenId(HIERARCHY, id(LOOP))).toBe(LOOP);
    expect(operatorOfOpenId(HIERARCHY, NET)).toBe(-1);
  });

  test('and all that can be open in a view', () => {
    const block = HIERARCHY.groupOf[operatorOf(MODEL, 'block/f1')];
    const sorted = (ids: number[]): number[] => ids.sort((a, b) => a - b);
    expect(sorted(openableIn(MODEL, HIERARCHY, 0))).toEqual([
      1,
      2,
      3,
      NET,
      block,
      id(LOOP),
      id(IF),
      id(CALL),
    ]);
    expect(sorted(openableIn(MODEL, HIERARCHY, 2))).toEqual([3, block, id(CALL)]);
    expect(openableIn(MODEL, HIERARCHY, 3)).toEqual([]);
  });
});

describe('an open loop', () => {
  const scene = show({ open: new Set([NET, id(LOOP), 2]) });
  const { boxes, lines } = scene;
  const box = (kinds: number[], item: number): number =>
    Array.from(boxes.kind).findIndex((kind, i) => kinds.includes(kind) && boxes.item[i] === item);
  const loop = box([OPEN_OPERATOR], LOOP);
  const [cond, body] = [box([CLOSED_GROUP], 1), box([OPEN_GROUP], 2)];

  test('holds its subgraphs, open or closed', () => {
    expect([boxes.parent[cond], boxes.parent[body]]).toEqual([loop, loop]);
    expect(operatorsIn(scene)).toEqual([0, LOOP, IF, operatorOf(MODEL, 'end'), operatorOf(MODEL, 'h')]);
    const { text } = drawingOf(MODEL, HIERARCHY, scene, paintOf(HIERARCHY, scene, familyLens(MODEL), LIGHT));
    expect([loop, cond, body].map((at) => text(at).title)).toEqual(['WHILE', 'cond: cond', 'body: body']);
    expect(text(box([OPERATOR], IF)).title).toBe('IF ▸');
  });

  test('shows that its body feeds its condition, against the flow', () => {
    const between = Array.from(lines.from.keys()).map((i) => [
      lines.from[i],
      lines.to[i],
      lines.state[i] === BACKWARD,
    ]);
    expect(between).toContainEqual([cond, body, false]);
    expect(between).toContainEqual([body, cond, true]);
    // In from its border, and out; what stands before it leads to the border.
    expect(between).toContainEqual([loop, cond, false]);
    expect(between).toContainEqual([cond, loop, false]);
    expect(between).toContainEqual([box([OPERATOR], 0), loop, false]);
    const state = Array.from(lines.tensor).filter((_, i) => lines.from[i] === body && lines.to[i] === cond);
    expect(state).toEqual([tensorOf(MODEL, 'net/b')]);
  });

  test('leaves the level around it as it was planned', () => {
    const arranger = new Arranger(MODEL, HIERARCHY);
    const net = (open: number[]) => arranger.arrange({ root: NET, flat: false, open: new Set(open) });
    expect(net([id(LOOP)]).plan).toBe(net([]).plan);
  });
});

test('a branch has one box for a subgraph in two roles, and no line for what only chooses', () => {
  const { lines, boxes } = show({ root: NET, open: new Set([id(IF)]) });
  const at = boxes.kind.indexOf(OPEN_OPERATOR);
  const inside = Array.from(lines.tensor).filter(
    (_, i) => lines.from[i] === at && boxes.parent[lines.to[i]] === at,
  );
  expect(inside).toEqual([tensorOf(MODEL, 'net/b')]);
});

describe('every operator has one box', () => {
  const all = new Set(openableIn(MODEL, HIERARCHY, 0));

  test('also of a subgraph that several operators run: it shows its operators in the first', () => {
    for (const view of [{ open: all }, { flat: true }]) {
      const scene = show(view);
      expect(operatorsIn(scene)).toEqual(Array.from({ length: MODEL.operatorCount }, (_, op) => op));
      expect(kindOf(scene, [CLOSED_GROUP, OPEN_GROUP], 3).sort()).toEqual([CLOSED_GROUP, OPEN_GROUP]);
    }
  });

  test('in a flat view too, and without groups but those of subgraphs', () => {
    const scene = show({ flat: true });
    expect(kindOf(scene, [CLOSED_GROUP, OPEN_GROUP], NET)).toEqual([]);
    expect(show({ root: 2, flat: true }).boxes.kind).toContain(OPEN_OPERATOR);
  });

  test('when subgraphs run themselves, or each other', () => {
    const graph = (name: string, callee: number): GraphText => ({
      name,
      inputs: ['in'],
      outputs: ['out'],
      operators: ['mid = ADD(in)', 'out = CALL(mid)'],
      runs: { out: { callee } },
    });
    const model = modelOf(
      graph('main', 1),
      graph('self', 1),
      graph('there', 3),
      graph('back', 2),
      graph('top', 0),
    );
    const hierarchy = buildHierarchy(model);
    for (const root of hierarchy.groups.keys())
      for (const view of [{ open: new Set(openableIn(model, hierarchy, root)) }, { flat: true }]) {
        const operators = operatorsIn(show({ root, ...view }, model, hierarchy));
        expect(new Set(operators).size).toBe(operators.length);
      }
    expect(openableIn(model, hierarchy, 2).length).toBe(3);
  });

  test('when every subgraph runs the next one twice', () => {
    const depth = 40;
    const graphs = Array.from({ length: depth }, (_, i): GraphText => {
      const callee = { callee: Math.min(i + 1, depth - 1) };
      const operators = ['a = CALL(in)', 'b = CALL(a)'];
      return { name: `g${i}`, inputs: ['in'], outputs: ['b'], operators, runs: { a: callee, b: callee } };
    });
    const model = modelOf(...graphs);
    expect(operatorsIn(show({ flat: true }, model, buildHierarchy(model))).length).toBe(2 * depth);
  });
});
