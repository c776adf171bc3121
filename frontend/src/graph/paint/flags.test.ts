import { expect, test } from 'vitest';
import type { Scene } from '../scene.ts';
import { FADED, flagsOf, HIGHLIGHTED, LABELLED, MATCHED, SELECTED, type FixedMarks } from './flags.ts';

// Boxes 0 → 1 → 2, and a line from a port of the whole view to 0.
const SCENE = {
  boxes: { kind: new Uint8Array(3) },
  lines: {
    from: Int32Array.of(0, 1, -1),
    to: Int32Array.of(1, 2, 0),
    tensor: Int32Array.of(10, 11, 12),
  },
} as unknown as Scene;
const NONE: FixedMarks = { selected: new Set(), tensors: new Set(), matches: null, traced: null };

const flags = (marks: Partial<FixedMarks>): [number[], number[]] => {
  const { boxes, lines } = flagsOf(SCENE, { ...NONE, ...marks });
  return [[...boxes], [...lines]];
};

test('nothing is marked at first', () => {
  expect(flags({})).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test('lines at a selected box, or that carry a selected tensor, are highlighted and labelled', () => {
  const both = HIGHLIGHTED | LABELLED;
  expect(flags({ selected: new Set([0]) })).toEqual([
    [SELECTED, 0, 0],
    [both, 0, both],
  ]);
  expect(flags({ tensors: new Set([11]) })[1]).toEqual([0, both, 0]);
});

test('what a search did not find is faded, lines are not', () => {
  expect(flags({ matches: new Set([1]) })).toEqual([
    [FADED, MATCHED, FADED],
    [0, 0, 0],
  ]);
});

test('what is not traced is faded, and its lines with it', () => {
  const traced = { boxes: Uint8Array.of(1, 1, 0), lines: Uint8Array.of(1, 0, 1) };
  expect(flags({ traced })).toEqual([
    [0, 0, FADED],
    [HIGHLIGHTED, FADED, HIGHLIGHTED],
  ]);
});
