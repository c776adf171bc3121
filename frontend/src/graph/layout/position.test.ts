import { describe, expect, test } from 'vitest';
import { finished } from '../steps.ts';
import { topologicalOrder } from './acyclic.ts';
import { orderLayers, type Layers } from './order.ts';
import { assignX } from './position.ts';
import { addDummies, type Proper } from './proper.ts';
import { assignRanks, flowOf } from './rank.ts';
import { graphOf, randomGraph } from './testing.ts';

const GAP = 20;

interface Positioned {
  graph: Proper;
  layers: Layers;
  width: Float64Array;
  x: Float64Array;
}

function position(nodes: number, source: Int32Array, target: Int32Array, widths?: Float64Array): Positioned {
  const { order } = topologicalOrder(nodes, source, target);
  const all = (): boolean => true;
  const rank = assignRanks(flowOf(order, source, target), new Uint8Array(nodes), all);
  const graph = addDummies(rank, source, target, all);
  const { layers } = finished(orderLayers(graph, order));
  const width = new Float64Array(graph.rank.length).fill(4);
  width.set(widths ?? new Float64Array(nodes).fill(100));
  const isDummy = (v: number): boolean => v >= nodes;
  return { graph, layers, width, x: assignX(layers, graph.above, graph.below, width, () => GAP, isDummy) };
}

function positionEdges(nodes: number, edges: [number, number][]): Positioned {
  const { source, target } = graphOf(nodes, edges);
  return position(nodes, source, target);
}

test.each(Array.from({ length: 20 }, (_, seed) => [seed]))(
  'neighbours in a rank keep their distance, %i',
  (seed) => {
    const input = randomGraph(60, 120, seed);
    const { layers, width, x } = position(60, input.source, input.target, input.width);
    for (let rank = 0; rank + 1 < layers.first.length; rank++)
      for (let i = layers.first[rank] + 1; i < layers.first[rank + 1]; i++) {
        const [a, b] = [layers.nodes[i - 1], layers.nodes[i]];
        expect(x[b] - x[a]).toBeGreaterThanOrEqual((width[a] + width[b]) / 2 + GAP - 1e-6);
      }
  },
);

test.each(Array.from({ length: 20 }, (_, seed) => [seed]))(
  'long edges are straight between their dummies, %i',
  (seed) => {
    const { source, target } = randomGraph(40, 60, seed);
    const { graph, x } = position(40, source, target);
    let bends = 0;
    let pieces = 0;
    for (let v = graph.nodes; v < graph.rank.length; v++) {
      const lower = graph.below.node[graph.below.first[v]];
      if (lower < graph.nodes) continue;
      pieces++;
      if (Math.abs(x[v] - x[lower]) > 1e-6) bends++;
    }
    // Two long edges that cross each other cannot both be straight.
    expect(bends).toBeLessThanOrEqual(0.2 * pieces);
  },
);

describe('small examples', () => {
  test('a chain has one x', () => {
    const edges = [0, 1, 2].map((v): [number, number] => [v, v + 1]);
    expect(new Set(positionEdges(4, edges).x).size).toBe(1);
  });

  test('a parent stands in the middle of its children', () => {
    const { x } = positionEdges(4, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    expect(x[0]).toBeCloseTo((x[1] + x[3]) / 2);
    expect(x[2]).toBeCloseTo(x[0]);
    expect(x[2] - x[1]).toBeCloseTo(120);
  });

  test('a trunk beside a skip stays straight', () => {
    const { x, graph } = positionEdges(5, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [0, 4],
    ]);
    expect(x[1]).toBeCloseTo(x[2]);
    expect(x[2]).toBeCloseTo(x[3]);
    const dummies = Array.from(x.subarray(graph.nodes));
    expect(new Set(dummies).size).toBe(1);
    expect(Math.abs(dummies[0] - x[2])).toBeCloseTo(50 + 2 + GAP);
  });
});
