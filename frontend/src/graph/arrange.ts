/** Levels of one model laid out, the open groups one in the other. */
import type { Model } from '../wire/model.ts';
import { GROUP_HEADER, GROUP_PADDING, nodeSize } from './boxes.ts';
import type { Hierarchy } from './hierarchy.ts';
import {
  FIRST,
  FREE,
  LAST,
  placeLayers,
  planLayers,
  type LayeredResult,
  type Plan,
} from './layout/layered.ts';
import { buildLevel, CHILD, INPUT_PORT, OUTPUT_PORT, type Level } from './level.ts';
import type { View } from './scene.ts';

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

const MIN_OPEN_WIDTH = 120;

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
  ) {}

  /** Innermost groups first, since the size of a box is that of what is laid out in it. */
  arrange(view: View): Laid {
    const opened: number[] = [view.root];
    for (let i = 0; !view.flat && i < opened.length; i++)
      for (const child of this.hierarchy.groups[opened[i]].children)
        if (child < 0 && view.open.has(~child)) opened.push(~child);
    const done = new Map<number, Laid>();
    for (const group of opened.reverse()) done.set(group, this.layOut(group, view.flat, done));
    return done.get(view.root)!;
  }

  private layOut(group: number, flat: boolean, done: ReadonlyMap<number, Laid>): Laid {
    const key = `${group}${flat ? ' flat' : ''}`;
    let planned = this.planned.get(key);
    if (planned === undefined)
      this.planned.set(key, (planned = plan(this.model, this.hierarchy, group, flat)));
    const { level } = planned;
    const width = planned.width.slice();
    const height = planned.height.slice();
    const inner = Array.from(level.kind, (kind, node) =>
      kind === CHILD && level.item[node] < 0 ? (done.get(~level.item[node]) ?? null) : null,
    );
    for (const [node, open] of inner.entries())
      if (open !== null) {
        width[node] = Math.max(open.result.width, MIN_OPEN_WIDTH) + 2 * GROUP_PADDING;
        height[node] = open.result.height + GROUP_HEADER + 2 * GROUP_PADDING;
      }
    const before = this.laid.get(key);
    if (before !== undefined && inner.every((open, node) => open === before.inner[node])) return before;
    const fits = before !== undefined && same(before.width, width) && same(before.height, height);
    const result = fits ? before.result : placeLayers(planned.plan, width, height);
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

function plan(model: Model, hierarchy: Hierarchy, group: number, flat: boolean): Planned {
  const level = buildLevel(model, hierarchy, group, flat);
  const n = level.kind.length;
  const width = new Float64Array(n);
  const height = new Float64Array(n);
  for (let node = 0; node < n; node++) {
    const size = nodeSize(model, hierarchy, level, node);
    width[node] = size.width;
    height[node] = size.height;
  }
  const pinned = level.kind.map((kind) => (kind === INPUT_PORT ? FIRST : kind === OUTPUT_PORT ? LAST : FREE));
  const { source, target } = level;
  return { level, plan: planLayers({ width, height, pinned, source, target }), width, height };
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => value === b[i]);
}
