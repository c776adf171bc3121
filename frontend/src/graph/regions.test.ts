import { expect, test } from 'vitest';
import { familyLens, lensOf } from '../lens/lens.ts';
import type { CategoryColumn } from '../wire/report.ts';
import { buildHierarchy } from './hierarchy.ts';
import { regionsOf } from './regions.ts';
import { CLOSED_GROUP, OPERATOR, type Scene } from './scene.ts';
import { decoderStack } from './testing.ts';

const MODEL = decoderStack({ layers: 2, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
/** The two boxes that are looked at: the first operator, and a group that holds several. */
const GROUP = HIERARCHY.groups.find(({ parent, start, end }) => parent >= 0 && end - start > 2)!;
const SCENE = {
  boxes: { kind: Uint8Array.of(OPERATOR, CLOSED_GROUP), item: Int32Array.of(0, GROUP.id) },
} as unknown as Scene;

function lensWith(name: string, codeOf: (operator: number) => number) {
  const column: CategoryColumn = {
    name,
    kind: 'category',
    unit: '1',
    provenance: 'measured',
    doc: '',
    rows: MODEL.operatorCount,
    codes: Int32Array.from({ length: MODEL.operatorCount }, (_, operator) => codeOf(operator)),
    names: ['0', '1'],
  };
  return lensOf(`profile.${name}`, name, column, HIERARCHY, null);
}

test('only partitions are regions', () => {
  expect(regionsOf(HIERARCHY, SCENE, familyLens(MODEL))).toBeNull();
  expect(
    regionsOf(
      HIERARCHY,
      SCENE,
      lensWith('kernel', () => 0),
    ),
  ).toBeNull();
});

test('a group lies in a region when all its operators do', () => {
  const all = regionsOf(
    HIERARCHY,
    SCENE,
    lensWith('partition', () => 1),
  )!;
  expect([...all.of]).toEqual([1, 1]);
  const member = HIERARCHY.order[GROUP.start];
  const some = regionsOf(
    HIERARCHY,
    SCENE,
    lensWith('partition', (operator) => (operator === member ? -1 : 1)),
  )!;
  expect(some.of[1]).toBe(-1);
  const none = regionsOf(
    HIERARCHY,
    SCENE,
    lensWith('partition', () => -1),
  )!;
  expect([...none.of]).toEqual([-1, -1]);
});

test('a region has the colour that the legend gives it', () => {
  const lens = lensWith('partition', (operator) => operator % 2);
  const { of, color } = regionsOf(HIERARCHY, SCENE, lens)!;
  expect(color[of[0]]).toBe(lens.color[0]);
  expect(color[0]).not.toBe(color[1]);
});
