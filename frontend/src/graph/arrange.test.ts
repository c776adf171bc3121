import { describe, expect, test } from 'vitest';
import { Arranger, type Laid } from './arrange.ts';
import { GROUP_HEADER, GROUP_PADDING } from './boxes.ts';
import { buildHierarchy } from './hierarchy.ts';
import { decoderStack, randomModel } from './testing.ts';

const MODEL = decoderStack({ layers: 6, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
const GROUPS = HIERARCHY.groups.filter(({ parent }) => parent === 0).map(({ id }) => id);

function arranger(): { open: (...groups: number[]) => Laid } {
  const it = new Arranger(MODEL, HIERARCHY);
  return { open: (...groups) => it.arrange({ root: 0, flat: false, open: new Set(groups) }) };
}

/** What is laid out in a group, on the top level. */
function inside(laid: Laid, group: number): Laid | null {
  return laid.inner[laid.level.item.indexOf(~group)];
}

test('an open group is as large as what is laid out in it', () => {
  const laid = arranger().open(GROUPS[2]);
  const node = laid.level.item.indexOf(~GROUPS[2]);
  const { result } = inside(laid, GROUPS[2])!;
  expect(laid.width[node]).toBe(result.width + 2 * GROUP_PADDING);
  expect(laid.height[node]).toBe(result.height + 2 * GROUP_PADDING + GROUP_HEADER);
});

describe('opening a group', () => {
  test('leaves all boxes around it in their places among each other', () => {
    const { open } = arranger();
    const closed = open();
    const opened = open(GROUPS[2], GROUPS[4]);
    expect(opened.plan).toBe(closed.plan);
    expect(opened.level).toBe(closed.level);
    expect(opened.result).not.toBe(closed.result);
    const { layers } = closed.plan;
    for (let rank = 0; rank + 1 < layers.first.length; rank++) {
      const boxes = layers.nodes
        .subarray(layers.first[rank], layers.first[rank + 1])
        .filter((v) => v < closed.plan.graph.nodes);
      for (const { x } of [closed.result, opened.result])
        for (let i = 1; i < boxes.length; i++) expect(x[boxes[i]]).toBeGreaterThan(x[boxes[i - 1]]);
    }
  });

  test('takes other levels as they were', () => {
    const { open } = arranger();
    const one = open(GROUPS[2]);
    const two = open(GROUPS[2], GROUPS[4]);
    expect(inside(two, GROUPS[2])).toBe(inside(one, GROUPS[2]));
    expect(inside(two, GROUPS[4])).not.toBeNull();
    expect(open(GROUPS[2], GROUPS[4])).toBe(two);
  });

  test('and closing it again leads back', () => {
    const { open } = arranger();
    const before = open().result;
    open(GROUPS[1]);
    expect(open().result).toEqual(before);
  });

  test('does not depend on what was opened before', () => {
    const first = arranger();
    first.open(GROUPS[3]);
    expect(first.open(GROUPS[1]).result).toEqual(arranger().open(GROUPS[1]).result);
  });
});

test('groups that stand in closed ones do not show', () => {
  const inner = HIERARCHY.groups.find(({ parent }) => parent === GROUPS[2])!;
  const { open } = arranger();
  expect(open(inner.id).inner.every((laid) => laid === null)).toBe(true);
  expect(inside(inside(open(inner.id, GROUPS[2]), GROUPS[2])!, inner.id)).not.toBeNull();
});

test('flat, a view has all operators and no groups', () => {
  const it = new Arranger(MODEL, HIERARCHY);
  const { level, inner } = it.arrange({ root: 0, flat: true, open: new Set(GROUPS) });
  expect(inner.every((laid) => laid === null)).toBe(true);
  expect(level.item.length).toBe(MODEL.operatorCount + 4);
  const group = it.arrange({ root: GROUPS[2], flat: true, open: new Set() });
  expect(group.level.item.length).toBeLessThan(60);
});

test('all groups open, over and over', () => {
  const model = randomModel(400, 2);
  const hierarchy = buildHierarchy(model);
  const all = new Set(hierarchy.groups.map(({ id }) => id));
  const it = new Arranger(model, hierarchy);
  const laid = it.arrange({ root: 0, flat: false, open: all });
  it.arrange({ root: 0, flat: false, open: new Set() });
  expect(it.arrange({ root: 0, flat: false, open: all }).result).toEqual(laid.result);
});
