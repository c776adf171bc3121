/** Levels of one model laid out, what is open one in the other. */
import type { Model } from '../wire/model.ts';
import { GROUP_HEADER, GROUP_PADDING, nodeSize } from './boxes.ts';
import { calleesOf, openIdOf, operatorOfOpenId } from './calls.ts';
import { contains, type Hierarchy } from './hierarchy.ts';
import type { Kept } from './isolate.ts';
import { FIRST, FREE, LAST, placeSteps, planSteps, type LayeredResult, type Plan } from './layout/layered.ts';
import {
  buildCallLevel,
  buildLevel,
  CHILD,
  INPUT_PORT,
  OUTPUT_PORT,
  subgraphRoot,
  type Level,
} from './level.ts';
import type { View } from './scene.ts';
import { finished, type Steps } from './steps.ts';

/** A level as it is drawn. */
export interface Laid {
  level: Level;
  plan: Plan;
  result: LayeredResult;
  /** Sizes of the nodes. */
  width: Float64Array;
  height: Float64Array;
  /** What is laid out in each node, null where that is closed. */
  inner: (Laid | null)[];
}

/**
 * Lays out views. What stands where in a level is planned once, with all groups closed: opening them moves boxes, but does
 * not make them change places. A level in which no box changes its size is taken as it was.
 */
export class Arranger {
  private readonly planned = new Map<string, Planned>();
  private readonly laid = new Map<string, Laid>();

  constructor(
    private readonly model: Model,
    private readonly hierarchy: Hierarchy,
    /** What alone is laid out, where it is in the view at all; null for everything. */
    private readonly kept: Kept | null = null,
  ) {}

  arrange(view: View): Laid {
    return finished(this.steps(view));
  }

  /** Innermost levels first, since the size of a box is that of what is laid out in it. */
  *steps(view: View): Steps<Laid> {
    const kept = this.kept?.has(view.root) === true ? this.kept : null;
    const around = this.opened(view, kept);
    const done = new Map<number, Laid>();
    for (const id of [...around.keys()].reverse())
      done.set(id, yield* this.layOut(id, view.flat, around, done, kept));
    return done.get(view.root)!;
  }

  /**
   * What is open, by its number, from the outermost in, and for each in what it stands. A subgraph that several operators
   * run shows its operators where the first of these is open, and is closed in the others. So every operator has one box,
   * and what runs itself does not show itself in itself.
   */
  private opened({ root, flat, open }: View, kept: Kept | null): Map<number, number> {
    const around = new Map([[root, -1]]);
    const whole = subgraphRoot(this.hierarchy, root);
    // A map goes on to what is added to it while it is gone through.
    for (const id of around.keys())
      for (const inner of this.openableIn(id, flat))
        if (inner !== whole && !around.has(inner) && (flat || open.has(inner)) && kept?.has(inner) !== false)
          around.set(inner, id);
    return around;
  }

  /** What stands in a group or operator and can be open. */
  private openableIn(id: number, flat: boolean): number[] {
    const { model, hierarchy } = this;
    const operator = operatorOfOpenId(hierarchy, id);
    if (operator >= 0) return calleesOf(model, operator).map(({ subgraph }) => subgraph);
    const group = hierarchy.groups[id];
    if (!flat)
      return group.children
        .filter((child) => child < 0 || model.controlFlow.has(child))
        .map((child) => (child < 0 ? ~child : openIdOf(hierarchy, child)));
    return [...model.controlFlow.keys()]
      .filter((caller) => contains(hierarchy, group, caller))
      .map((caller) => openIdOf(hierarchy, caller));
  }

  private *layOut(
    id: number,
    flat: boolean,
    around: ReadonlyMap<number, number>,
    done: ReadonlyMap<number, Laid>,
    kept: Kept | null,
  ): Steps<Laid> {
    const caller = operatorOfOpenId(this.hierarchy, around.get(id)!);
    const key = `${id}${caller < 0 ? '' : ` in ${caller}`}${flat ? ' flat' : ''}${kept === null ? ' whole' : ''}`;
    let planned = this.planned.get(key);
    if (planned === undefined)
      this.planned.set(key, (planned = yield* plan(this.model, this.hierarchy, id, flat, caller, kept)));
    const { level } = planned;
    const width = planned.width.slice();
    const height = planned.height.slice();
    const inner = Array.from(level.kind, (kind, node) => {
      if (kind !== CHILD) return null;
      const item = level.item[node];
      const child = item < 0 ? ~item : openIdOf(this.hierarchy, item);
      return around.get(child) === id ? done.get(child)! : null;
    });
    for (const [node, open] of inner.entries())
      if (open !== null) {
        width[node] = Math.max(open.result.width + 2 * GROUP_PADDING, planned.width[node]);
        height[node] = open.result.height + GROUP_HEADER + 2 * GROUP_PADDING;
      }
    const before = this.laid.get(key);
    if (before !== undefined && inner.every((open, node) => open === before.inner[node])) return before;
    const fits = before !== undefined && same(before.width, width) && same(before.height, height);
    const result = fits ? before.result : yield* placeSteps(planned.plan, width, height);
    const laid = { level, plan: planned.plan, result, width, height, inner };
    this.laid.set(key, laid);
    return laid;
  }
}

/** Where in an open node what is laid out in it begins, as seen from the level of the node. */
export function innerOrigin({ result, width, inner }: Laid, node: number): { x: number; y: number } {
  const slack = (width[node] - 2 * GROUP_PADDING - inner[node]!.result.width) / 2;
  return { x: result.x[node] + GROUP_PADDING + slack, y: result.y[node] + GROUP_HEADER + GROUP_PADDING };
}

interface Planned {
  level: Level;
  plan: Plan;
  /** Sizes of the nodes when all groups are closed. */
  width: Float64Array;
  height: Float64Array;
}

function* plan(
  model: Model,
  hierarchy: Hierarchy,
  id: number,
  flat: boolean,
  caller: number,
  kept: Kept | null,
): Steps<Planned> {
  yield 'finding edges';
  const opened = operatorOfOpenId(hierarchy, id);
  const whole =
    opened >= 0 ? buildCallLevel(model, hierarchy, opened) : buildLevel(model, hierarchy, id, flat, caller);
  const level = kept === null ? whole : kept.of(whole, id);
  const n = level.kind.length;
  const width = new Float64Array(n);
  const height = new Float64Array(n);
  yield 'measuring';
  for (let node = 0; node < n; node++) {
    const size = nodeSize(model, hierarchy, level, node, opened);
    width[node] = size.width;
    height[node] = size.height;
  }
  const pinned = level.kind.map((kind) => (kind === INPUT_PORT ? FIRST : kind === OUTPUT_PORT ? LAST : FREE));
  const { source, target } = level;
  const planned = yield* planSteps({ width, height, pinned, source, target });
  return { level, plan: planned, width, height };
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => value === b[i]);
}
