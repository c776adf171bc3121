import { expect, test } from 'vitest';
import { ioLines, nodeSize, operatorLines, PORT_WIDTH, tensorText } from './boxes.ts';
import { buildHierarchy } from './hierarchy.ts';
import { buildLevel, INPUT_PORT } from './level.ts';
import { modelOf, operatorOf, tensorOf } from './testing.ts';

const MODEL = modelOf({
  inputs: ['image'],
  outputs: ['net/scale', 'last'],
  constants: { kernel: [16, 3, 3, 3], bias: [16], half: [4] },
  shapes: { image: [1, 8, 8, 3], 'net/conv': [1, 8, 8, 16], 'net/scale': [] },
  operators: [
    'full = DEQUANTIZE(half)',
    'net/conv = CONV_2D+RELU(image, kernel, bias)',
    'net/scale = ADD(net/conv, full)',
    'net/end = ADD(net/scale)',
    'last = ADD(net/end)',
  ],
});
const HIERARCHY = buildHierarchy(MODEL);

test('what a box says: its name in its group, its output, its constants', () => {
  expect(operatorLines(MODEL, HIERARCHY, operatorOf(MODEL, 'net/conv'))).toEqual([
    'conv',
    'float32 1×8×8×16',
    'filter 16×3×3×3 · bias 16',
  ]);
  // A folded constant is one of the operator; an operand without a name is counted.
  expect(operatorLines(MODEL, HIERARCHY, operatorOf(MODEL, 'net/scale'))).toEqual([
    'scale',
    'float32',
    'input 1 1×8',
  ]);
  expect(ioLines(MODEL, tensorOf(MODEL, 'image'))).toEqual(['image', 'float32 1×8×8×3']);
  expect(tensorText(MODEL, tensorOf(MODEL, 'net/scale'))).toBe('float32');
});

test('boxes have room for their text, within limits', () => {
  const level = buildLevel(MODEL, HIERARCHY, 0, true);
  const sizes = Array.from(level.kind, (_, node) => nodeSize(MODEL, HIERARCHY, level, node));
  for (const { width, height } of sizes) {
    expect(width).toBeGreaterThanOrEqual(84);
    expect(width).toBeLessThanOrEqual(240);
    expect(height).toBeGreaterThan(15);
  }
  const [input, conv] = sizes;
  expect(conv.height).toBeGreaterThan(input.height);
});

test('ports take hardly any room', () => {
  const { id } = HIERARCHY.groups[1];
  const level = buildLevel(MODEL, HIERARCHY, id, false);
  expect(level.kind[0]).toBe(INPUT_PORT);
  expect(nodeSize(MODEL, HIERARCHY, level, 0)).toEqual({ width: PORT_WIDTH, height: 0 });
});
