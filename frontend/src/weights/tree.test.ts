import { describe, expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { decoderStack, modelOf, operatorOf, tensorOf } from '../graph/testing.ts';
import { layoutTree, tensorsIn, weightTree, type WeightNode } from './tree.ts';

const AREA = { x: 0, y: 0, width: 800, height: 400 };

function leaves(node: WeightNode): number[] {
  return node.kind === 'tensor' ? [node.id] : node.children.flatMap(leaves);
}

const model = modelOf({
  inputs: ['x'],
  outputs: ['b/two'],
  operators: [
    'q = DEQUANTIZE(w)',
    'a/one = CONV_2D(x, q, bias)',
    'a/act = RELU(a/one)',
    'b/one = FULLY_CONNECTED(a/act, m)',
    'b/two = FULLY_CONNECTED(b/one, m)',
  ],
  constants: { w: [10, 10], bias: [10], m: [30, 10] },
});
const hierarchy = buildHierarchy(model);

describe('the tree', () => {
  const tree = weightTree(model, hierarchy, model.constantBytes);

  test('holds every tensor once and adds up', () => {
    expect(leaves(tree).sort()).toEqual(['w', 'bias', 'm'].map((name) => tensorOf(model, name)).sort());
    expect(tree.bytes).toBe(4 * (100 + 10 + 300));
  });

  test('puts what is dequantized into the operator that it is folded into', () => {
    const find = (node: WeightNode): WeightNode[] =>
      node.kind === 'operator' ? [node] : node.children.flatMap(find);
    const conv = find(tree).find(({ id }) => id === operatorOf(model, 'a/one'));
    expect(conv?.children.map(({ id }) => id)).toEqual(['w', 'bias'].map((name) => tensorOf(model, name)));
  });

  test('leaves out what has no bytes', () => {
    const bytes = new Float64Array(model.tensorCount).fill(NaN);
    expect(weightTree(model, hierarchy, bytes).children).toEqual([]);
    expect(layoutTree(weightTree(model, hierarchy, bytes), AREA)).toEqual([]);
  });
});

describe('the layout', () => {
  test('gives leaves the area that they have of all', () => {
    const blocks = layoutTree(weightTree(model, hierarchy, model.constantBytes), AREA);
    const sizes = blocks
      .filter(({ node }) => node.kind === 'tensor')
      .map(({ node, rect }) => ({ bytes: node.bytes, area: rect.width * rect.height }));
    expect(sizes).toHaveLength(3);
    // Frames take some room.
    for (const { bytes, area } of sizes) expect(area / bytes).toBeLessThanOrEqual((800 * 400) / 1640 + 1e-6);
    expect(sizes.reduce((sum, { area }) => sum + area, 0)).toBeGreaterThan(0.8 * 800 * 400);
  });

  test('joins what is too small to be seen, and loses no bytes', () => {
    const stack = decoderStack({ layers: 40 }).build();
    const bytes = Float64Array.from(stack.constantBytes, (size, i) =>
      size > 0 ? 1 + (i % 7 === 0 ? 1e6 : 0) : 0,
    );
    const tree = weightTree(stack, buildHierarchy(stack), bytes);
    const blocks = layoutTree(tree, AREA);
    for (const { rect } of blocks) expect(rect.width * rect.height).toBeGreaterThan(0);
    expect(blocks.length).toBeLessThan(4 * ((800 * 400) / 64));
    const drawn = blocks.filter(({ node }) => node.kind === 'tensor' || node.kind === 'rest');
    const seen = drawn.flatMap(({ node }) => tensorsIn(node));
    expect(new Set(seen).size).toBe(seen.length);
    expect(drawn.some(({ node }) => node.kind === 'rest')).toBe(true);
    expect(tree.bytes).toBe(bytes.reduce((sum, size) => sum + size, 0));
  });
});
