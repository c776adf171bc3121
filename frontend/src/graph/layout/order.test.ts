import { expect, test } from 'vitest';
import { finished } from '../steps.ts';
import { topologicalOrder } from './acyclic.ts';
import { countCrossings, layersOf, orderLayers, type Layers } from './order.ts';
import { addDummies, type Proper } from './proper.ts';
import { assignRanks, flowOf } from './rank.ts';
import { graphOf, randomGraph } from './testing.ts';

const all = (): boolean => true;

function proper(n: number, edges: [number, number][], rank: number[]): Proper {
  const { source, target } = graphOf(n, edges);
  return addDummies(Int32Array.from(rank), source, target, all);
}

function randomProper(nodes: number, edges: number, seed: number): { graph: Proper; order: Int32Array } {
  const { source, target } = randomGraph(nodes, edges, seed);
  const { order } = topologicalOrder(nodes, source, target);
  const rank = assignRanks(flowOf(order, source, target), new Uint8Array(nodes), all);
  return { graph: addDummies(rank, source, target, all), order };
}

/** Every pair of edges between the same two ranks. */
function crossingsOneByOne({ rank, below }: Proper, { place }: Layers): number {
  const edges: [number, number][] = [];
  for (let v = 0; v < rank.length; v++)
    for (let i = below.first[v]; i < below.first[v + 1]; i++) edges.push([v, below.node[i]]);
  let count = 0;
  for (const [i, [a, b]] of edges.entries())
    for (const [c, d] of edges.slice(i + 1))
      if (rank[a] === rank[c] && (place[a] - place[c]) * (place[b] - place[d]) < 0) count++;
  return count;
}

test.each(Array.from({ length: 20 }, (_, seed) => [seed]))('crossings are counted right, %i', (seed) => {
  const { graph, order } = randomProper(40, 90, seed);
  const initial = Int32Array.from({ length: graph.rank.length }, (_, v) => v).reverse();
  const layers = layersOf(graph.rank, graph.ranks, initial);
  expect(countCrossings(layers, graph.below)).toBe(crossingsOneByOne(graph, layers));
  const ordered = finished(orderLayers(graph, order));
  expect(ordered.crossings).toBe(crossingsOneByOne(graph, ordered.layers));
});

test('layers are filled from left to right in the order given', () => {
  const layers = layersOf(Int32Array.of(0, 1, 0, 1), 2, Int32Array.of(3, 2, 1, 0));
  expect(Array.from(layers.first)).toEqual([0, 2, 4]);
  expect(Array.from(layers.nodes)).toEqual([2, 0, 3, 1]);
  expect(Array.from(layers.place)).toEqual([1, 1, 0, 0]);
});

test('what can be drawn without crossings is', () => {
  const cross: [number, number][] = [
    [0, 3],
    [1, 2],
  ];
  expect(finished(orderLayers(proper(4, cross, [0, 0, 1, 1]), Int32Array.of(0, 1, 2, 3))).crossings).toBe(0);
  // A tree with its children numbered against each other, and a ladder.
  const tree: [number, number][] = [1, 2].flatMap((v): [number, number][] => [
    [0, v],
    [v, 7 - 2 * v],
    [v, 8 - 2 * v],
  ]);
  expect(
    finished(
      orderLayers(
        proper(7, tree, [0, 1, 1, 2, 2, 2, 2]),
        Int32Array.from({ length: 7 }, (_, v) => v),
      ),
    ).crossings,
  ).toBe(0);
});

test('two times two fully connected cross once', () => {
  const edges: [number, number][] = [
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
  ];
  expect(finished(orderLayers(proper(4, edges, [0, 0, 1, 1]), Int32Array.of(0, 1, 2, 3))).crossings).toBe(1);
});

test('an order is one of all nodes, each in its rank', () => {
  const { graph, order } = randomProper(200, 500, 1);
  const { nodes, first, place } = finished(orderLayers(graph, order)).layers;
  expect(Array.from(nodes).sort((a, b) => a - b)).toEqual(Array.from(graph.rank, (_, v) => v));
  for (let rank = 0; rank < graph.ranks; rank++)
    for (let i = first[rank]; i < first[rank + 1]; i++) {
      expect(graph.rank[nodes[i]]).toBe(rank);
      expect(place[nodes[i]]).toBe(i - first[rank]);
    }
});
