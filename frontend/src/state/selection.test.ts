import { expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { decoderStack } from '../graph/testing.ts';
import { selectedRows } from './selection.ts';

const MODEL = decoderStack({ layers: 3, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);

test('a group stands for its operators, whatever else is selected', () => {
  const group = HIERARCHY.groups.find(({ name }) => name === 'layers.1')!;
  const outside = HIERARCHY.order[0];
  const mask = selectedRows(
    MODEL,
    HIERARCHY,
    [
      { kind: 'group', id: group.id },
      { kind: 'operator', id: outside },
      { kind: 'tensor', id: 2 },
    ],
    'operators',
  );
  expect(mask.reduce((a, b) => a + b)).toBe(group.end - group.start + 1);
  expect([mask[outside], mask[HIERARCHY.order[group.start]]]).toEqual([1, 1]);
});

test('tensors are rows of their own', () => {
  const mask = selectedRows(
    MODEL,
    HIERARCHY,
    [
      { kind: 'tensor', id: 2 },
      { kind: 'operator', id: 1 },
    ],
    'tensors',
  );
  expect(mask.length).toBe(MODEL.tensorCount);
  expect(Array.from(mask.keys()).filter((tensor) => mask[tensor] === 1)).toEqual([2]);
});
