import { describe, expect, test } from 'vitest';
import { BACKWARD, CUT, placeLayers, planLayers, type LayeredInput } from './layered.ts';
import { FIRST, LAST } from './rank.ts';
import { brokenRules, graphOf } from './testing.ts';
import { WIDE } from './wrap.ts';

function layOut(input: LayeredInput) {
  const plan = planLayers(input);
  const result = placeLayers(plan, input.width, input.height);
  expect([...brokenRules(input, plan, result)]).toEqual([]);
  for (let e = 0; e < input.source.length; e++) {
    const [from, to] = [plan.graph.rank[plan.source[e]], plan.graph.rank[plan.target[e]]];
    expect(plan.state[e]).not.toBe(BACKWARD);
    expect(from).toBeLessThan(to);
  }
  return { plan, result, aspect: result.width / result.height };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('what fits stays in one rank', () => {
  const edges = range(1, 12).map((v): [number, number] => [0, v]);
  expect(layOut(graphOf(12, edges)).plan.graph.ranks).toBe(2);
});

describe('a thousand neighbours are stacked', () => {
  test('that read one tensor', () => {
    const { plan, aspect } = layOut(
      graphOf(
        1001,
        range(1, 1001).map((v): [number, number] => [0, v]),
      ),
    );
    expect(aspect).toBeGreaterThan(0.5);
    expect(aspect).toBeLessThan(3);
    expect(plan.graph.rank[0]).toBe(0);
    // Those in the first ranks keep their lines.
    expect(plan.state[0]).not.toBe(CUT);
    expect(plan.state.filter((state) => state === CUT).length).toBeGreaterThan(500);
  });

  test('that are read by one operator', () => {
    const { plan, aspect } = layOut(
      graphOf(
        1001,
        range(0, 1000).map((v): [number, number] => [v, 1000]),
      ),
    );
    expect(aspect).toBeGreaterThan(0.5);
    expect(aspect).toBeLessThan(3);
    expect(plan.graph.rank[1000]).toBe(plan.graph.ranks - 1);
  });

  test('that stand between two operators', () => {
    const edges = range(1, 1001).flatMap((v): [number, number][] => [
      [0, v],
      [v, 1001],
    ]);
    const { aspect } = layOut(graphOf(1002, edges));
    expect(aspect).toBeGreaterThan(0.5);
    expect(aspect).toBeLessThan(3);
  });

  test('that nothing is tied to', () => {
    const { aspect } = layOut(graphOf(1000, []));
    expect(aspect).toBeGreaterThan(0.5);
    expect(aspect).toBeLessThan(3);
  });

  test('that are chains of some operators', () => {
    const chains = range(0, 200).flatMap((i): [number, number][] => {
      const first = 1 + 4 * i;
      return [
        [0, first],
        [first, first + 1],
        [first + 1, first + 2],
        [first + 2, first + 3],
        [first + 3, 801],
      ];
    });
    const { plan, aspect } = layOut(graphOf(802, chains));
    expect(aspect).toBeLessThan(4);
    // Chains stay whole.
    for (let i = 0; i < 200; i++) {
      const ranks = range(1 + 4 * i, 5 + 4 * i).map((v) => plan.graph.rank[v]);
      expect(ranks).toEqual(range(ranks[0], ranks[0] + 4));
    }
  });
});

test('stacks are dealt out in the order of execution, column by column', () => {
  const { plan, result } = layOut(
    graphOf(
      61,
      range(1, 61).map((v): [number, number] => [0, v]),
    ),
  );
  const rows = plan.graph.ranks - 1;
  expect(rows).toBeGreaterThan(1);
  for (let v = 1; v < 61; v++) expect(plan.graph.rank[v]).toBe(1 + ((v - 1) % rows));
  expect(result.x[1]).toBeLessThan(result.x[60]);
});

test('the trunk beside them stays as it is', () => {
  // 0 - 1 - 2 - 3 - 4, and 100 more that read what 1 made.
  const trunk = [0, 1, 2, 3].map((v): [number, number] => [v, v + 1]);
  const leaves = range(5, 105).map((v): [number, number] => [1, v]);
  const { plan } = layOut(graphOf(105, [...trunk, ...leaves]));
  expect(plan.graph.ranks).toBeGreaterThan(4);
  expect([0, 1, 3, 4].map((v) => plan.graph.rank[v] - plan.graph.rank[2])).toEqual([-2, -1, 1, 2]);
  expect(Array.from(plan.state.subarray(0, 4))).not.toContain(CUT);
});

test('ports stay at the ends', () => {
  const input = graphOf(
    102,
    range(1, 101).flatMap((v): [number, number][] => [
      [0, v],
      [v, 101],
    ]),
  );
  input.pinned[0] = FIRST;
  input.pinned[101] = LAST;
  const { plan } = layOut(input);
  expect(plan.graph.rank[0]).toBe(0);
  expect(plan.graph.rank[101]).toBe(plan.graph.ranks - 1);
});

test('complete layers are left alone', () => {
  const edges = range(0, 3).flatMap((layer) =>
    range(0, 30).flatMap((a) =>
      range(0, 30).map((b): [number, number] => [30 * layer + a, 30 * (layer + 1) + b]),
    ),
  );
  const { plan, result } = layOut(graphOf(120, edges));
  expect(plan.graph.ranks).toBe(4);
  expect(result.width).toBeGreaterThan(WIDE);
});
