import { describe, expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { findBox, GROUP_KINDS, lineBoundsOf, OPERATOR_KINDS, TENSOR_KINDS } from './drawing.ts';
import { buildHierarchy } from './hierarchy.ts';
import { familyLens } from '../lens/lens.ts';
import { LIGHT } from '../lib/palette.ts';
import { drawingOf, paintOf } from './model-drawing.ts';
import { decoderStack, modelOf, operatorOf, tensorOf } from './testing.ts';

const MODEL = decoderStack({ layers: 12, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
const LAYER = HIERARCHY.groups.find(({ name }) => name === 'layers.0')!.id;
const PARENT = HIERARCHY.groups[LAYER].parent;
const OPEN = new Set([LAYER, ...(PARENT > 0 ? [PARENT] : [])]);
const SCENE = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: OPEN }));
const { boxes } = SCENE;

test('boxes are found by what they are', () => {
  const op = HIERARCHY.groups[LAYER].children.find((child) => child >= 0)!;
  expect(boxes.item[findBox(SCENE, GROUP_KINDS, LAYER)]).toBe(LAYER);
  expect(boxes.item[findBox(SCENE, OPERATOR_KINDS, op)]).toBe(op);
  expect(boxes.item[findBox(SCENE, TENSOR_KINDS, tensorOf(MODEL, 'mask'))]).toBe(tensorOf(MODEL, 'mask'));
  expect(findBox(SCENE, GROUP_KINDS, 9999)).toBe(-1);
});

test('the bounds of lines', () => {
  const bounds = lineBoundsOf(SCENE);
  const { offsets, points } = SCENE.lines;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const line = points.subarray(offsets[i], offsets[i + 1]);
    const xs = line.filter((_, p) => p % 2 === 0);
    const ys = line.filter((_, p) => p % 2 === 1);
    expect(Array.from(bounds.subarray(4 * i, 4 * i + 4))).toEqual([
      Math.min(...xs),
      Math.min(...ys),
      Math.max(...xs),
      Math.max(...ys),
    ]);
  }
});

describe('what a drawing says', () => {
  const drawing = drawingOf(MODEL, HIERARCHY, SCENE, paintOf(HIERARCHY, SCENE, familyLens(MODEL), LIGHT));

  test('of operators, groups and tensors', () => {
    const layer = drawing.text(findBox(SCENE, GROUP_KINDS, LAYER));
    expect(layer).toEqual({ title: 'layers.0', chip: '×12', lines: ['31 operators'] });
    const mask = drawing.text(findBox(SCENE, TENSOR_KINDS, tensorOf(MODEL, 'mask')));
    expect(mask).toEqual({ title: '', chip: '', lines: ['mask', 'float32 1×1×16×16'] });
  });

  test('of the shares of a group', () => {
    const strip = drawing.paint.strip(findBox(SCENE, GROUP_KINDS, LAYER));
    expect(strip.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(strip[0].share).toBe(Math.max(...strip.map(({ share }) => share)));
  });

  test('of a fused activation', () => {
    const model = modelOf({ inputs: ['x'], outputs: ['y'], operators: ['y = CONV_2D+RELU(x)'] });
    const hierarchy = buildHierarchy(model);
    const scene = assemble(new Arranger(model, hierarchy).arrange({ root: 0, flat: false, open: new Set() }));
    const box = findBox(scene, OPERATOR_KINDS, operatorOf(model, 'y'));
    const small = drawingOf(model, hierarchy, scene, paintOf(hierarchy, scene, familyLens(model), LIGHT));
    expect(small.text(box)).toMatchObject({ title: 'CONV_2D', chip: 'RELU' });
    expect(small.paint.color[box]).toBe(1 + model.families.indexOf('convolution'));
  });
});

test('labels of cut edges that stand close together are one', () => {
  const flat = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: true, open: new Set() }));
  const { stubText } = drawingOf(MODEL, HIERARCHY, flat, paintOf(HIERARCHY, flat, familyLens(MODEL), LIGHT));
  const { stubs } = flat;
  const sides = new Map<number, string[]>();
  for (let i = 0; i < stubs.box.length; i++) {
    const side = 2 * stubs.box[i] + stubs.arrives[i];
    sides.set(side, [...(sides.get(side) ?? []), stubText(i)]);
  }
  for (const texts of sides.values()) expect(texts.filter((text) => text !== '').length).toBe(1);
  const all = [...sides.values()].flat();
  expect(all).toContain('mask');
  expect(all.some((text) => /^→ \d+ more of \d+$/.test(text))).toBe(true);
});
