import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { findBox, GROUP_KINDS, OPERATOR_KINDS } from './drawing.ts';
import { buildHierarchy } from './hierarchy.ts';
import { firstBox, neighbour, type Direction } from './neighbours.ts';
import { modelOf, operatorOf } from './testing.ts';

const MODEL = modelOf({
  inputs: ['x'],
  outputs: ['end'],
  operators: [
    'start = ADD(x)',
    'left = MUL(start)',
    'middle = MUL(start)',
    'right = MUL(start)',
    'join = CONCATENATION(left, middle, right)',
    'group/one = ADD(join)',
    'group/two = ADD(group/one)',
    'end = ADD(group/two)',
  ],
});
const HIERARCHY = buildHierarchy(MODEL);

function sceneWith(open: number[]) {
  return assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: new Set(open) }));
}

describe('arrow keys', () => {
  const scene = sceneWith([1]);
  const box = (name: string): number => findBox(scene, OPERATOR_KINDS, operatorOf(MODEL, name));
  const from = (name: string, direction: Direction): number => neighbour(scene, box(name), direction);

  test('up and down follow the lines, to the nearest where there are several', () => {
    expect(from('start', 'down')).toBe(box('middle'));
    expect(from('join', 'up')).toBe(box('middle'));
    expect(from('left', 'down')).toBe(box('join'));
  });

  test('left and right go to the box beside', () => {
    const order = ['left', 'middle', 'right'].sort((a, b) => scene.boxes.x[box(a)] - scene.boxes.x[box(b)]);
    expect(from(order[0], 'right')).toBe(box(order[1]));
    expect(from(order[1], 'right')).toBe(box(order[2]));
    expect(from(order[2], 'left')).toBe(box(order[1]));
    expect(from(order[0], 'left')).toBe(-1);
  });

  test('into an open group, and out of it', () => {
    expect(from('join', 'down')).toBe(box('group/one'));
    expect(from('end', 'up')).toBe(box('group/two'));
    expect(from('group/two', 'down')).toBe(box('end'));
    expect(from('group/one', 'up')).toBe(box('join'));
  });

  test('a closed group is a box like others', () => {
    const closed = sceneWith([]);
    const group = findBox(closed, GROUP_KINDS, 1);
    expect(neighbour(closed, findBox(closed, OPERATOR_KINDS, operatorOf(MODEL, 'join')), 'down')).toBe(group);
  });

  test('begin at the top left', () => {
    const first = firstBox(scene);
    expect(scene.boxes.y[first]).toBe(Math.min(...scene.boxes.y));
  });
});
