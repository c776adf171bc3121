/** Crossings and length of lines, compared with dagre's drawing of the same boxes and edges. */
import { Graph, layout } from '@dagrejs/dagre';
import { describe, expect, test, vi } from 'vitest';
import type { Model } from '../../wire/model.ts';
import { nodeSize } from '../boxes.ts';
import { ONLY_WITH_FIXTURES, realModels } from '../fixtures.ts';
import { buildHierarchy } from '../hierarchy.ts';
import { buildLevel } from '../level.ts';
import { decoderStack, randomModel } from '../testing.ts';
import { CUT, placeLayers, planLayers, type LayeredInput } from './layered.ts';
import { lineCrossings, lineLength } from './testing.ts';

vi.setConfig({ testTimeout: 120_000 });

const LARGEST = 1000;
/** No worse than this, in sum; each model by itself may have one crossing more. */
const AT_MOST = 1.1;

type Lines = ArrayLike<number>[];

interface Drawn {
  crossings: number;
  length: number;
}

function measured(lines: Lines): Drawn {
  return { crossings: lineCrossings(lines), length: lines.reduce((sum, line) => sum + lineLength(line), 0) };
}

function compare(input: LayeredInput): { ours: Drawn; theirs: Drawn } {
  const plan = planLayers(input);
  const { routes } = placeLayers(plan, input.width, input.height, false);
  const graph = new Graph({ multigraph: true });
  // The distances of layered.ts; the ranker is dagre's best, network simplex, by default.
  graph.setGraph({ nodesep: 20, edgesep: 12, ranksep: 30 });
  for (const [v, width] of input.width.entries())
    graph.setNode(String(v), { width, height: input.height[v] });
  const ours: Lines = [];
  for (let e = 0; e < input.source.length; e++) {
    if (plan.state[e] === CUT) continue;
    graph.setEdge(String(input.source[e]), String(input.target[e]), {}, String(e));
    ours.push(routes.points.subarray(routes.offsets[e], routes.offsets[e + 1]));
  }
  layout(graph);
  const theirs = graph.edges().map((edge) => {
    const { points } = graph.edge(edge) as { points: { x: number; y: number }[] };
    return points.flatMap(({ x, y }) => [x, y]);
  });
  return { ours: measured(ours), theirs: measured(theirs) };
}

/** Every subgraph, flat, that is not too large. */
function inputsOf(model: Model): LayeredInput[] {
  const hierarchy = buildHierarchy(model);
  return model.subgraphNames
    .map((_, root) => buildLevel(model, hierarchy, root, true))
    .filter(({ kind, source }) => kind.length <= LARGEST && source.length > 0)
    .map((level) => {
      const sizes = Array.from(level.kind, (_, node) => nodeSize(model, hierarchy, level, node));
      return {
        width: Float64Array.from(sizes, ({ width }) => width),
        height: Float64Array.from(sizes, ({ height }) => height),
        pinned: new Uint8Array(sizes.length),
        source: level.source,
        target: level.target,
      };
    });
}

function expectNoWorse(models: [string, Model][]): void {
  const rows = models.flatMap(([name, model]) =>
    inputsOf(model).map((input) => ({ name, ...compare(input) })),
  );
  const sum = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  const total = {
    crossings: [sum(({ ours }) => ours.crossings), sum(({ theirs }) => theirs.crossings)],
    length: [sum(({ ours }) => ours.length), sum(({ theirs }) => theirs.length)],
  };
  const outliers = rows.filter(
    ({ ours, theirs }) =>
      ours.crossings > AT_MOST * theirs.crossings + 1 || ours.length > AT_MOST * theirs.length,
  );
  const report = JSON.stringify({ total, outliers });
  expect(total.crossings[0], report).toBeLessThanOrEqual(AT_MOST * total.crossings[1]);
  expect(outliers, report).toEqual([]);
  expect(total.length[0], report).toBeLessThanOrEqual(AT_MOST * total.length[1]);
}

const MODELS = realModels();

describe('no worse than dagre', () => {
  test.skipIf(MODELS.length === 0)(`on real models${ONLY_WITH_FIXTURES}`, () => {
    expectNoWorse(MODELS);
  });

  test('on generated ones', () => {
    const stacks = [1, 2, 4, 8].map((layers): [string, Model] => [
      `${layers} layers`,
      decoderStack({ layers }).build(),
    ]);
    const random = [10, 20, 50, 100, 200].map((n): [string, Model] => [`${n} operators`, randomModel(n, n)]);
    expectNoWorse([...stacks, ...random]);
  });
});
