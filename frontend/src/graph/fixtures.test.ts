import { describe, expect, test } from 'vitest';
import { familyLens } from '../lens/lens.ts';
import { LIGHT } from '../lib/palette.ts';
import type { Model } from '../wire/model.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { ONLY_WITH_FIXTURES, realModels } from './fixtures.ts';
import { openableIn } from './calls.ts';
import { buildHierarchy, openAtFirst, type Hierarchy } from './hierarchy.ts';
import { BACKWARD, placeLayers } from './layout/layered.ts';
import { brokenRules, lineThroughBox } from './layout/testing.ts';
import { drawingOf, paintOf } from './model-drawing.ts';
import { OPEN_OPERATOR, OPERATOR, type Scene, type View } from './scene.ts';
import { brokenSceneRules } from './scene-rules.ts';
import { MAX_LEVEL } from './structure.ts';

const MODELS = realModels();

/** For every subgraph: closed, as at first, all open, flat. */
function views(hierarchy: Hierarchy, model: Model): View[] {
  return model.subgraphNames.flatMap((_, root) => [
    { root, flat: false, open: new Set<number>() },
    { root, flat: false, open: openAtFirst(hierarchy, root) },
    { root, flat: false, open: new Set(openableIn(model, hierarchy, root)) },
    { root, flat: true, open: new Set<number>() },
  ]);
}

function operatorsIn({ boxes }: Scene): number[] {
  const isOperator = (kind: number): boolean => kind === OPERATOR || kind === OPEN_OPERATOR;
  return Array.from(boxes.item.filter((_, i) => isOperator(boxes.kind[i])).sort());
}

/** The operators of subgraphs that have boxes of their own. */
function operatorsOf({ groups, order, host }: Hierarchy, subgraphs: number[]): number[] {
  const all = subgraphs.flatMap((id) => Array.from(order.subarray(groups[id].start, groups[id].end)));
  return all.filter((op) => host[op] < 0).sort((a, b) => a - b);
}

test.skipIf(MODELS.length === 0)(`there are real models${ONLY_WITH_FIXTURES}`, () => {
  expect(MODELS.length).toBeGreaterThan(20);
});

describe.skipIf(MODELS.length === 0)(`real models${ONLY_WITH_FIXTURES}`, () => {
  test.each(MODELS)('%s', (_, model) => {
    const hierarchy = buildHierarchy(model);
    expect(hierarchy.groups.every(({ children }) => children.length <= MAX_LEVEL)).toBe(true);
    const arranger = new Arranger(model, hierarchy);
    for (const view of views(hierarchy, model)) {
      const laid = arranger.arrange(view);
      const { plan, width, height } = laid;
      // What a level holds flows in one direction; recurrence is in control flow, not in edges.
      expect(plan.state).not.toContain(BACKWARD);
      const input = {
        width,
        height,
        pinned: new Uint8Array(0),
        source: laid.level.source,
        target: laid.level.target,
      };
      const result = placeLayers(plan, width, height);
      expect([...brokenRules(input, plan, result)]).toEqual([]);
      expect(lineThroughBox({ ...result, width, height }, result)).toBeNull();
      const scene = assemble(laid);
      expect([...brokenSceneRules(scene)]).toEqual([]);
      const drawing = drawingOf(model, hierarchy, scene, paintOf(hierarchy, scene, familyLens(model), LIGHT));
      for (let box = 0; box < scene.boxes.kind.length; box++) {
        const { title, lines } = drawing.text(box);
        expect(title + lines.join()).not.toBe('');
      }
      const openable = openableIn(model, hierarchy, view.root);
      const isWhole = view.flat || view.open.size === openable.length;
      if (isWhole)
        expect(operatorsIn(scene)).toEqual(
          operatorsOf(hierarchy, [view.root, ...openable.filter((id) => id < model.subgraphNames.length)]),
        );
    }
  });
});
