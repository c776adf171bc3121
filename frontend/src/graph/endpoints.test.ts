import { describe, expect, test } from 'vitest';
import { familyLens } from '../lens/lens.ts';
import { LIGHT } from '../lib/palette.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { sharedCounts, sharedEndpoints } from './endpoints.ts';
import { buildHierarchy } from './hierarchy.ts';
import { buildLevel, CHILD, GRAPH_INPUT, GRAPH_OUTPUT } from './level.ts';
import { drawingOf, paintOf } from './model-drawing.ts';
import { INPUT } from './scene.ts';
import { brokenSceneRules } from './scene-rules.ts';
import { MAX_LEVEL } from './structure.ts';
import { ModelBuilder } from './testing.ts';

/** Layers that each read and write a cache of their own; `tokens` go through all. */
function cached(layers: number, shape: (layer: number) => number[] = () => [1, 8]) {
  const builder = new ModelBuilder();
  const tokens = builder.tensor('tokens');
  const caches = Array.from({ length: layers }, (_, i) => builder.tensor(`cache_${i}`, shape(i)));
  let x = tokens;
  const written = caches.map((cache, i) => {
    const made = builder.apply('CONCATENATION', [x, cache], `layers.${i}/cache`);
    x = builder.apply('ADD', [x, made], `layers.${i}/add`);
    return made;
  });
  return { model: builder.subgraph('main', [tokens, ...caches], [...written, x]).build(), tokens, caches };
}

test('a few have a box each', () => {
  const { model, tokens, caches } = cached(15);
  expect(sharedEndpoints(model, [tokens, ...caches]).size).toBe(0);
});

describe('many', () => {
  const { model, tokens, caches } = cached(16);

  test('share one where their names differ in numbers only', () => {
    const shared = sharedEndpoints(model, [tokens, ...caches]);
    expect([...shared]).toEqual(caches.slice(1).map((cache) => [cache, caches[0]]));
    expect(sharedCounts(model).get(caches[0])).toBe(16);
  });

  test('but not where shapes differ', () => {
    const other = cached(16, (layer) => [1, layer < 8 ? 8 : 4]);
    const shared = sharedEndpoints(other.model, other.caches.concat(other.tokens));
    expect(new Set(shared.values())).toEqual(new Set([other.caches[0], other.caches[8]]));
  });

  test('are edges of the box, and lines or labels of the scene', () => {
    const hierarchy = buildHierarchy(model);
    const level = buildLevel(model, hierarchy, 0, false);
    const ends = level.kind.filter((kind) => kind === GRAPH_INPUT || kind === GRAPH_OUTPUT);
    expect(ends.length).toBe(4);
    expect(new Set(caches.map((cache) => level.inputs.get(cache))).size).toBe(1);
    const carried = new Set(level.tensors.values);
    for (const cache of caches) expect(carried).toContain(cache);
    const scene = assemble(new Arranger(model, hierarchy).arrange({ root: 0, flat: false, open: new Set() }));
    expect([...brokenSceneRules(scene)]).toEqual([]);
    const box = Array.from(scene.boxes.item.keys()).find(
      (i) => scene.boxes.kind[i] === INPUT && scene.boxes.item[i] === caches[0],
    )!;
    const paint = paintOf(hierarchy, scene, familyLens(model), LIGHT);
    expect(drawingOf(model, hierarchy, scene, paint).text(box).lines).toEqual([
      'cache_0',
      'float32 1×8',
      'and 15 more',
    ]);
  });
});

test('whatever they are called, a level has a few dozen of them', () => {
  const builder = new ModelBuilder();
  const inputs = Array.from({ length: 500 }, (_, i) =>
    builder.tensor(String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))),
  );
  const model = builder.subgraph('main', inputs, [builder.apply('PACK', inputs, 'packed')]).build();
  const level = buildLevel(model, buildHierarchy(model), 0, false);
  expect(level.kind.filter((kind) => kind === GRAPH_INPUT).length).toBe(MAX_LEVEL);
  expect(level.kind.filter((kind) => kind === CHILD).length).toBe(1);
});
