import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { lineBoundsOf, STUB_LENGTH, type Drawing } from './drawing.ts';
import { buildHierarchy } from './hierarchy.ts';
import { boxAt, boxesIn, lineAt, stubAt } from './hits.ts';
import { isOpen, OPEN_GROUP } from './scene.ts';
import { decoderStack } from './testing.ts';

const MODEL = decoderStack({ layers: 12, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
const LAYER = HIERARCHY.groups.find(({ name }) => name === 'layers.0')!.id;
const PARENT = HIERARCHY.groups[LAYER].parent;
const OPEN = new Set([LAYER, ...(PARENT > 0 ? [PARENT] : [])]);
const SCENE = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: OPEN }));
const DRAWING = { scene: SCENE, lineBounds: lineBoundsOf(SCENE) } as Drawing;
const { boxes, lines } = SCENE;

const middle = (box: number): [number, number] => [
  boxes.x[box] + boxes.width[box] / 2,
  boxes.y[box] + boxes.height[box] / 2,
];

describe('what is at a point', () => {
  test('the innermost box', () => {
    for (let box = 0; box < boxes.kind.length; box++)
      if (boxes.kind[box] !== OPEN_GROUP) expect(boxAt(SCENE, ...middle(box))).toBe(box);
    const group = boxes.kind.indexOf(OPEN_GROUP);
    expect(boxAt(SCENE, boxes.x[group] + 2, boxes.y[group] + 2)).toBe(group);
  });

  test('nothing, outside', () => {
    expect(boxAt(SCENE, -10, 5)).toBe(-1);
    expect(boxAt(SCENE, SCENE.width + 10, SCENE.height + 10)).toBe(-1);
    expect(lineAt(DRAWING, -100, -100, 5)).toBe(-1);
  });

  test('the label of a cut edge: above where it arrives, below where it leaves', () => {
    const { stubs } = SCENE;
    expect(stubs.box.length).toBeGreaterThan(0);
    for (let i = 0; i < stubs.box.length; i++) {
      const outwards = stubs.arrives[i] === 1 ? -1 : 1;
      expect(stubAt(SCENE, stubs.x[i], stubs.y[i] + outwards * STUB_LENGTH)).toBe(i);
      expect(stubAt(SCENE, stubs.x[i], stubs.y[i] - outwards * STUB_LENGTH)).not.toBe(i);
    }
  });

  test('the nearest line within reach', () => {
    for (let line = 0; line < lines.from.length; line++) {
      const at = lines.offsets[line];
      const found = lineAt(DRAWING, lines.points[at], lines.points[at + 1] + 1, 3);
      expect(found).toBeGreaterThanOrEqual(0);
      expect([lines.from[line], lines.to[line]]).toSatisfy(
        ([from, to]: number[]) => lines.from[found] === from || lines.to[found] === to || found === line,
      );
    }
  });
});

test('a rectangle holds the closed boxes that it touches', () => {
  const box = boxes.kind.findIndex((kind) => !isOpen(kind));
  const around = { x: boxes.x[box] - 1, y: boxes.y[box] - 1, width: 2, height: 2 };
  expect(boxesIn(SCENE, around)).toEqual([box]);
  const everything = boxesIn(SCENE, { x: 0, y: 0, width: SCENE.width, height: SCENE.height });
  expect(everything.length).toBe(boxes.kind.filter((kind) => !isOpen(kind)).length);
});
