import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { buildHierarchy } from './hierarchy.ts';
import { boxesOf, boxOf, boxToSee, itemAt, operatorNextTo, sameItem, type Item } from './items.ts';
import type { Matched } from '../table/tables.ts';
import { modelOf, operatorOf, tensorOf } from './testing.ts';

const MODEL = modelOf({
  inputs: ['x'],
  outputs: ['end'],
  constants: { half: [8] },
  operators: [
    'full = DEQUANTIZE(half)',
    'group/one = CONV_2D(x, full)',
    'group/two = MUL(group/one)',
    'end = ADD(group/two)',
  ],
});
const HIERARCHY = buildHierarchy(MODEL);
const GROUP = 1;
const CLOSED = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: new Set() }));
const OPEN = assemble(
  new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: new Set([GROUP]) }),
);

const operator = (name: string): Item => ({ kind: 'operator', id: operatorOf(MODEL, name) });
const tensor = (name: string): Item => ({ kind: 'tensor', id: tensorOf(MODEL, name) });

test('every box is an item, and is found by it', () => {
  for (const scene of [CLOSED, OPEN])
    for (let box = 0; box < scene.boxes.kind.length; box++)
      expect(boxOf(scene, HIERARCHY, itemAt(scene, box))).toBe(box);
});

describe('the box of an item', () => {
  test('is that of what it is folded into', () => {
    expect(boxOf(OPEN, HIERARCHY, operator('full'))).toBe(boxOf(OPEN, HIERARCHY, operator('group/one')));
  });

  test('is not there when a group hides it', () => {
    expect(boxOf(CLOSED, HIERARCHY, operator('group/two'))).toBe(-1);
  });

  test('is for a tensor that of its maker, or else of its first reader', () => {
    expect(boxToSee(OPEN, MODEL, HIERARCHY, tensor('x'))).toBe(boxOf(OPEN, HIERARCHY, tensor('x')));
    expect(boxToSee(OPEN, MODEL, HIERARCHY, tensor('group/two'))).toBe(
      boxOf(OPEN, HIERARCHY, operator('group/two')),
    );
    expect(operatorNextTo(MODEL, tensorOf(MODEL, 'half'))).toBe(operatorOf(MODEL, 'full'));
  });
});

test('matches are boxes, and groups that hold any of them', () => {
  const matching = (...names: string[]): Matched => ({
    operators: Int32Array.from(names, (name) => operatorOf(MODEL, name)),
    tensors: Int32Array.of(),
  });
  const group = boxOf(CLOSED, HIERARCHY, { kind: 'group', id: GROUP });
  expect(boxesOf(CLOSED, HIERARCHY, matching('group/two'))).toEqual(new Set([group]));
  const mul = boxOf(OPEN, HIERARCHY, operator('group/two'));
  expect(boxesOf(OPEN, HIERARCHY, matching('group/two'))).toEqual(
    new Set([boxOf(OPEN, HIERARCHY, { kind: 'group', id: GROUP }), mul]),
  );
  expect(boxesOf(OPEN, HIERARCHY, matching('full'))).toContain(boxOf(OPEN, HIERARCHY, operator('group/one')));
});

test('items are the same by what they are', () => {
  expect(sameItem(operator('end'), { kind: 'operator', id: 3 })).toBe(true);
  expect(sameItem(operator('end'), { kind: 'tensor', id: 3 })).toBe(false);
});
