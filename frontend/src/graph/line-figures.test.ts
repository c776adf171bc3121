import { expect, test } from 'vitest';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { buildHierarchy } from './hierarchy.ts';
import { lineText, tensorBytes, weightOf } from './line-figures.ts';
import { ModelBuilder } from './testing.ts';

const builder = new ModelBuilder();
const input = builder.tensor('in', [1, 4]);
const small = builder.tensor('small', [1, 16], 0, 9);
const large = builder.tensor('large', [1, 1024, 1024], 0, 0);
const scalar = builder.tensor('scalar', [], 0, 1);
const end = builder.tensor('end', [1]);
builder.operator('ADD', [input], [small]);
builder.operator('ADD', [small], [large]);
builder.operator('MEAN', [large], [scalar]);
builder.operator('ADD', [scalar], [end]);
const MODEL = builder.subgraph('main', [input], [end]).build();
const HIERARCHY = buildHierarchy(MODEL);
const SCENE = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: true, open: new Set() }));

test('bytes follow from shape and data type', () => {
  expect(tensorBytes(MODEL, small)).toBe(16);
  expect(tensorBytes(MODEL, large)).toBe(4 << 20);
  expect(tensorBytes(MODEL, scalar)).toBe(2);
});

test('lines say what they carry, and weigh as much', () => {
  const about = (tensor: number): [string, number] => {
    const line = SCENE.lines.tensor.indexOf(tensor);
    return [lineText(MODEL, SCENE, line), weightOf(tensorBytes(MODEL, tensor))];
  };
  expect(about(small)).toEqual(['int8 1×16', 0]);
  expect(about(large)).toEqual(['float32 1×1024×1024', 4]);
  expect(about(scalar)).toEqual(['float16', 0]);
});

test('a line that stands for several says so', () => {
  const line = SCENE.lines.tensor.indexOf(small);
  const offsets = SCENE.lines.tensors.offsets.map((_, i) => (i <= line ? 0 : 3));
  const tensors = { offsets, values: Int32Array.of(small, large, scalar) };
  const lines = { ...SCENE.lines, tensors };
  expect(lineText(MODEL, { ...SCENE, lines }, line)).toBe('int8 1×16 + 2');
});
