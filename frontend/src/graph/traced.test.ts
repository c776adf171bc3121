import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { openIdOf } from './calls.ts';
import { buildHierarchy } from './hierarchy.ts';
import { boxOf, itemAt, type Item } from './items.ts';
import { operatorTypeName, tensorName } from '../wire/model.ts';
import type { Scene } from './scene.ts';
import { modelOf, operatorOf, tensorOf } from './testing.ts';
import { operatorsOf, reachedBy, tracedIn, type Trace, type TraceKind } from './traced.ts';

const MODEL = modelOf(
  {
    inputs: ['x', 'y'],
    outputs: ['end', 'other'],
    operators: ['g/a = MUL(x)', 'g/b = ADD(g/a)', 'loop = WHILE(g/b)', 'end = ADD(loop)', 'other = ADD(y)'],
    runs: { loop: { body: 1 } },
  },
  { name: 'body', inputs: ['i'], outputs: ['j'], operators: ['j = ADD(i)'] },
);
const HIERARCHY = buildHierarchy(MODEL);
const GROUP = HIERARCHY.groups.findIndex(({ name }) => name === 'g');
const operator = (name: string): Item => ({ kind: 'operator', id: operatorOf(MODEL, name) });

function sceneWith(...open: number[]): Scene {
  return assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: new Set(open) }));
}

function trace(kind: TraceKind, ...of: Item[]): Trace {
  return { kind, of, hops: 1, hidesRest: false };
}

function nameOf({ kind, id }: Item): string {
  if (kind === 'operator') return `${operatorTypeName(MODEL, id)} #${id}`;
  return kind === 'group' ? HIERARCHY.groups[id].name : tensorName(MODEL, id);
}

function namesIn(scene: Scene, asked: Trace): string[] {
  const { boxes } = tracedIn(scene, HIERARCHY, reachedBy(MODEL, HIERARCHY, asked));
  return [...boxes].flatMap((is, box) => (is === 1 ? [nameOf(itemAt(scene, box))] : [])).sort();
}

describe('the boxes of a trace', () => {
  test('closed groups by what is in them, inputs by what reads them', () => {
    expect(namesIn(sceneWith(), trace('inputs', operator('loop')))).toEqual(['WHILE #2', 'g', 'x']);
    expect(namesIn(sceneWith(), trace('outputs', operator('loop')))).toEqual(['ADD #3', 'WHILE #2', 'end']);
  });

  test('open groups too: they are the ground of what is in them', () => {
    const names = namesIn(sceneWith(GROUP), trace('near', operator('g/b')));
    expect(names).toEqual(['ADD #1', 'MUL #0', 'WHILE #2', 'g']);
  });

  test('a group stands for its operators', () => {
    expect(operatorsOf(HIERARCHY, [{ kind: 'group', id: GROUP }])).toEqual([0, 1]);
    const names = namesIn(sceneWith(), trace('paths', { kind: 'group', id: GROUP }, operator('end')));
    expect(names).toEqual(['ADD #3', 'WHILE #2', 'g']);
  });

  test('what an operator runs goes with it', () => {
    const open = sceneWith(openIdOf(HIERARCHY, operatorOf(MODEL, 'loop')), 1);
    expect(namesIn(open, trace('inputs', operator('end')))).toContain('ADD #5');
    expect(namesIn(open, trace('inputs', operator('g/b')))).not.toContain('ADD #5');
    // From inside, its frames are shown and what is beside them is not.
    const inside = namesIn(open, trace('inputs', operator('j')));
    expect(inside).toContain('WHILE #2');
    expect(inside).not.toContain('ADD #3');
  });
});

test('the lines of a trace are those between its boxes that carry what was reached', () => {
  const scene = sceneWith(GROUP);
  const asked = trace('inputs', operator('loop'));
  const { lines } = tracedIn(scene, HIERARCHY, reachedBy(MODEL, HIERARCHY, asked));
  const end = boxOf(scene, HIERARCHY, operator('end'));
  expect(lines.some((is) => is === 1)).toBe(true);
  lines.forEach((is, line) => {
    if (scene.lines.to[line] === end) expect(is).toBe(0);
    if (scene.lines.tensor[line] === tensorOf(MODEL, 'g/a')) expect(is).toBe(1);
  });
});
