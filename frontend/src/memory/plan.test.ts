import { describe, expect, test } from 'vitest';
import { aliveAt, arenaView, bufferAt, peakStep, stepOf, type MemoryPlan } from './plan.ts';
import { liveArea, rectangles, type Frame } from './shapes.ts';

/** Two buffers that meet at step 1, one of another arena, one that never runs, one of scratch memory. */
const PLAN: MemoryPlan = {
  count: 5,
  arena: Int32Array.of(0, 0, 1, 0, 0),
  tensor: Int32Array.of(3, 4, 9, 5, -1),
  operator: Int32Array.of(-1, -1, -1, -1, 11),
  bytes: Float64Array.of(64, 128, 32, 16, 8),
  offset: Float64Array.of(128, 0, 0, 192, 192),
  first: Float64Array.of(0, 1, 3, NaN, 1),
  last: Float64Array.of(1, 2, 3, NaN, 1),
  steps: [10, 11, 12, 20],
};

describe('an arena', () => {
  const view = arenaView(PLAN, 0);

  test('has its own steps, and what is alive at each', () => {
    expect([view.from, view.to, [...view.live]]).toEqual([0, 3, [64, 200, 128]]);
    expect(peakStep(PLAN, view, null)).toBe(1);
    expect(peakStep(PLAN, view, 12)).toBe(2);
    expect([arenaView(PLAN, 1).from, [...arenaView(PLAN, 1).live]]).toEqual([3, [32]]);
  });

  test('is as high as what is placed in it, also what never runs', () => {
    expect([view.isPlaced, view.height]).toEqual([true, 208]);
    expect([...view.rows]).toEqual([0, 1, 4]);
  });

  test('that is not planned is as high as its peak', () => {
    const unplanned = arenaView({ ...PLAN, offset: new Float64Array(5).fill(NaN) }, 0);
    expect([unplanned.isPlaced, unplanned.height]).toEqual([false, 200]);
  });

  test('without buffers has no steps', () => {
    const empty = arenaView(PLAN, 2);
    expect([empty.from, empty.to, empty.live.length, empty.height]).toEqual([0, 0, 0, 0]);
  });

  test('what is alive, the largest first', () => {
    expect(aliveAt(PLAN, view, 1)).toEqual([1, 0, 4]);
    expect(aliveAt(PLAN, view, 2)).toEqual([1]);
  });

  test('a place at a time is of one buffer', () => {
    expect(bufferAt(PLAN, view, 1, 127)).toBe(1);
    expect(bufferAt(PLAN, view, 1, 128)).toBe(0);
    expect(bufferAt(PLAN, view, 2, 128)).toBe(-1);
    expect(bufferAt(PLAN, view, 0, 0)).toBe(-1);
  });

  test('operators of other arenas have no step in it', () => {
    expect([10, 12, 20, 99].map((operator) => stepOf(PLAN, view, operator))).toEqual([0, 2, -1, -1]);
    expect(stepOf(PLAN, arenaView(PLAN, 1), 20)).toBe(3);
  });
});

describe('outlines', () => {
  const frame: Frame = { x: (step) => 10 * step, y: (offset) => 300 - offset, left: 0, right: 100 };

  test('a path per group, cut at the edges', () => {
    const paths = rectangles(
      PLAN,
      arenaView(PLAN, 0),
      { ...frame, right: 15 },
      (row) => PLAN.tensor[row] < 0,
    );
    expect(paths.get(false)).toBe('M0 108h15v64h-15zM10 172h5v128h-5z');
    expect(paths.get(true)).toBe('M10 100h5v8h-5z');
  });

  test('many buffers in a pixel are one', () => {
    const tiny: Frame = { x: (step) => step / 100, y: (offset) => 300 - offset / 1000, left: 0, right: 100 };
    const [path] = rectangles(PLAN, arenaView(PLAN, 0), tiny, () => 0).values();
    expect(path.match(/M/g)).toHaveLength(1);
  });

  test('the area under the live bytes steps with them', () => {
    expect(liveArea(arenaView(PLAN, 0), frame)).toBe('M0 300L0 236H10L10 100H20L20 172H30V300Z');
  });

  test('a pixel of many steps shows the most of them', () => {
    const many: Frame = { ...frame, x: (step) => step / 4 };
    expect(liveArea(arenaView(PLAN, 0), many)).toBe('M0 300L0 100H1V300Z');
  });

  test('nothing in view is no area', () => {
    expect(liveArea(arenaView(PLAN, 0), { ...frame, left: 500, right: 600 })).toBe('');
  });
});
