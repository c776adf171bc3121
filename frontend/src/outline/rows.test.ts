import { describe, expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { decoderStack, modelOf } from '../graph/testing.ts';
import { hitsIn, outlineRows, parentRow } from './rows.ts';

const HIERARCHY = buildHierarchy(decoderStack({ layers: 6, named: true }).build());
const ALL = new Set(HIERARCHY.groups.keys());

describe('the lines', () => {
  test('are the subgraphs when nothing is open', () => {
    const rows = outlineRows(HIERARCHY, new Set());
    expect([...rows.item]).toEqual([~0]);
    expect([rows.level[0], rows.place[0], rows.siblings[0]]).toEqual([1, 1, 1]);
  });

  test('hold every group and every operator that is a box, once, when everything is open', () => {
    const { item } = outlineRows(HIERARCHY, ALL);
    const operators = Array.from(HIERARCHY.host.keys()).filter((op) => HIERARCHY.host[op] < 0);
    expect(Array.from(item.filter((it) => it >= 0)).sort((a, b) => a - b)).toEqual(operators);
    expect(new Set(item).size).toBe(item.length);
    expect(item.filter((it) => it < 0).length).toBe(HIERARCHY.groups.length);
  });

  test('stand below their parents, numbered among their siblings', () => {
    const rows = outlineRows(HIERARCHY, ALL);
    for (let row = 0; row < rows.item.length; row++) {
      const parent = parentRow(rows, row);
      if (parent < 0) {
        expect(rows.level[row]).toBe(1);
        continue;
      }
      expect(rows.level[row]).toBe(rows.level[parent] + 1);
      const { children } = HIERARCHY.groups[~rows.item[parent]];
      expect(children[rows.place[row] - 1]).toBe(rows.item[row]);
      expect(rows.siblings[row]).toBe(children.length);
    }
  });

  test('of a closed group are not there, whatever is open inside', () => {
    const inner = HIERARCHY.groups.find(({ parent }) => parent > 0)!;
    const expanded = new Set([inner.id]);
    expect([...outlineRows(HIERARCHY, expanded).item]).toEqual([~0]);
  });
});

test('several subgraphs stand side by side', () => {
  const graph = { inputs: ['x'], outputs: ['y'], operators: ['y = ADD(x)'] };
  const rows = outlineRows(buildHierarchy(modelOf(graph, graph)), new Set([0]));
  expect([...rows.item]).toEqual([~0, 0, ~1]);
  expect([...rows.siblings]).toEqual([2, 1, 2]);
});

test('hits are counted for every group', () => {
  const mask = Uint8Array.from(HIERARCHY.order.keys(), (op) => (op % 3 === 0 ? 1 : 0));
  const hits = hitsIn(HIERARCHY, mask)!;
  for (const { id, start, end } of HIERARCHY.groups)
    expect(hits[id]).toBe(HIERARCHY.order.subarray(start, end).filter((op) => op % 3 === 0).length);
  expect(hitsIn(HIERARCHY, null)).toBeNull();
});
