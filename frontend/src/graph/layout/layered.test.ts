import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../testing.ts';
import { BACKWARD, CUT, DRAWN, MAX_PASSED, placeLayers, planLayers, type LayeredInput } from './layered.ts';
import { FIRST, FREE, LAST } from './rank.ts';
import { brokenRules, graphOf, lineThroughBox, randomGraph } from './testing.ts';

function layOut(input: LayeredInput, several = true) {
  const plan = planLayers(input);
  return { plan, result: placeLayers(plan, input.width, input.height, several) };
}

function expectSound(input: LayeredInput): void {
  const { plan, result } = layOut(input);
  expect([...brokenRules(input, plan, result)]).toEqual([]);
  const boxes = { ...result, width: input.width, height: input.height };
  if (input.width.length <= 200) expect(lineThroughBox(boxes, result)).toBeNull();
}

/** Some nodes without edges from above, or to below, pinned to that end. */
function withPins(input: LayeredInput, seed: number): LayeredInput {
  const random = randomNumbers(seed);
  const pinned = input.pinned.map((_, v) => {
    if (random() < 0.5) return FREE;
    if (!input.target.includes(v)) return FIRST;
    return input.source.includes(v) ? FREE : LAST;
  });
  return { ...input, pinned };
}

describe('every layout is sound', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => [seed]))('random graph %i', (seed) => {
    const nodes = 1 + ((seed * 7) % 60);
    expectSound(randomGraph(nodes, Math.floor(nodes * (0.5 + (seed % 5) / 2)), seed));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('with edges against the order, %i', (seed) => {
    expectSound(randomGraph(40, 80, seed, 0.2));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('with ports at both ends, %i', (seed) => {
    const input = withPins(randomGraph(30, 40, seed), seed);
    expectSound(input);
    const { rank, ranks } = planLayers(input).graph;
    for (const [v, pin] of input.pinned.entries()) {
      if (pin === FIRST) expect(rank[v]).toBe(0);
      if (pin === LAST) expect(rank[v]).toBe(ranks - 1);
      if (pin === FREE && input.pinned.includes(FIRST)) expect(rank[v]).toBeGreaterThan(0);
      if (pin === FREE && input.pinned.includes(LAST)) expect(rank[v]).toBeLessThan(ranks - 1);
    }
  });

  test('without nodes, with one, without edges', () => {
    for (const nodes of [0, 1, 200]) expectSound(graphOf(nodes, []));
    expect(layOut(graphOf(0, [])).result).toMatchObject({ width: 0, height: 0 });
  });

  test('large', () => {
    expectSound(randomGraph(2000, 5000, 1));
  });
});

test('the same input gives the same layout', () => {
  const input = randomGraph(80, 160, 5);
  expect(layOut(input)).toEqual(layOut(randomGraph(80, 160, 5)));
});

test('in a rank boxes stand in the planned order, whatever their sizes', () => {
  const input = randomGraph(60, 100, 3);
  const plan = planLayers(input);
  const height = input.height.map((h, v) => (v % 7 === 0 ? 2000 : h));
  const width = input.width.map((w, v) => (v % 7 === 0 ? 3000 : w));
  for (const result of [placeLayers(plan, input.width, input.height), placeLayers(plan, width, height)])
    for (let rank = 0; rank < plan.graph.ranks; rank++) {
      const real = Array.from(
        plan.layers.nodes.subarray(plan.layers.first[rank], plan.layers.first[rank + 1]),
      );
      const xs = real.filter((v) => v < plan.graph.nodes).map((v) => result.x[v]);
      expect(xs).toEqual([...xs].sort((a, b) => a - b));
    }
});

/** A chain of nodes with one edge from the first to the last. */
function withSkip(nodes: number): LayeredInput {
  const chain = Array.from({ length: nodes - 1 }, (_, v): [number, number] => [v, v + 1]);
  return graphOf(nodes, [...chain, [0, nodes - 1]]);
}

test('an edge that passes too many ranks is cut', () => {
  expect(planLayers(withSkip(MAX_PASSED + 2)).state.at(-1)).toBe(DRAWN);
  expect(planLayers(withSkip(MAX_PASSED + 3)).state.at(-1)).toBe(CUT);
});

test('a node with many far edges keeps the near ones', () => {
  const chain = Array.from({ length: 8 }, (_, v): [number, number] => [v, v + 1]);
  const mask = [3, 4, 5, 6, 7, 8].map((v): [number, number] => [0, v]);
  const { state } = planLayers(graphOf(9, [...chain, ...mask]));
  expect(Array.from(state.subarray(8))).toEqual([DRAWN, CUT, CUT, CUT, CUT, CUT]);
});

test('in a cycle one edge goes backward', () => {
  const input = graphOf(3, [
    [0, 1],
    [1, 2],
    [2, 0],
  ]);
  const { plan, result } = layOut(input);
  expect(Array.from(plan.state)).toEqual([DRAWN, DRAWN, BACKWARD]);
  expect(result.y[0]).toBeLessThan(result.y[2]);
  // Out below the last box, around on the left, and into the first from above.
  const line = result.routes.points.subarray(result.routes.offsets[2]);
  expect(line[1]).toBe(result.y[2] + 40);
  expect(line.at(-1)).toBe(result.y[0]);
  const xs = line.filter((_, i) => i % 2 === 0);
  expect(Math.min(...xs)).toBeLessThan(Math.min(...result.x));
});

test('a chain stands straight, one box below the other', () => {
  const chain = Array.from({ length: 5 }, (_, v): [number, number] => [v, v + 1]);
  const { result } = layOut(graphOf(6, chain));
  expect(new Set(result.x)).toEqual(new Set([0]));
  expect(Array.from(result.y)).toEqual([0, 70, 140, 210, 280, 350]);
  expect(Array.from(result.routes.points.subarray(0, 4))).toEqual([50, 40, 50, 70]);
});

test('a tall drawing is broken into columns, unless it must not be', () => {
  const chain = Array.from({ length: 99 }, (_, v): [number, number] => [v, v + 1]);
  const input = graphOf(100, chain);
  expectSound(input);
  expect(layOut(input).result.height).toBeLessThan(2000);
  expect(layOut(input, false).result).toMatchObject({ width: 100, height: 99 * 70 + 40 });
});
