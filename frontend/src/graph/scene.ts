/** What is to be drawn, in one coordinate system: boxes from the outermost in, lines between them, labels at cut edges. */
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import { GROUP_HEADER, GROUP_PADDING, nodeSize } from './boxes.ts';
import type { Hierarchy } from './hierarchy.ts';
import { CUT, FIRST, FREE, LAST, layoutLayered, type LayeredResult } from './layout/layered.ts';
import {
  buildLevel,
  CHILD,
  GRAPH_INPUT,
  GRAPH_OUTPUT,
  INPUT_PORT,
  OUTPUT_PORT,
  type Level,
} from './level.ts';

export const OPERATOR = 0;
export const CLOSED_GROUP = 1;
export const OPEN_GROUP = 2;
export const INPUT = 3;
export const OUTPUT = 4;

/** Boxes come parents first; every array has one entry per box, line or stub. Posted between threads as it is. */
export interface Scene {
  width: number;
  height: number;
  boxes: {
    kind: Uint8Array;
    /** Operator id, group id, or the tensor of an input or output. */
    item: Int32Array;
    /** The open group that a box stands in, as box index; -1 at the top. */
    parent: Int32Array;
    x: Float64Array;
    y: Float64Array;
    width: Float64Array;
    height: Float64Array;
  };
  lines: {
    /** Box indices. */
    from: Int32Array;
    to: Int32Array;
    /** One of the tensors that it carries, and how many those are. */
    tensor: Int32Array;
    count: Int32Array;
    /** DRAWN or BACKWARD. */
    state: Uint8Array;
    /** Points of line i: points[offsets[i] .. offsets[i + 1]] as x, y pairs. */
    offsets: Int32Array;
    points: Float64Array;
  };
  /** Ends of cut edges: where each stands, what it carries, and the operator, group or tensor at the other end. */
  stubs: {
    box: Int32Array;
    /** 1 where the tensor arrives (at the top of the box), 0 where it leaves. */
    arrives: Uint8Array;
    tensor: Int32Array;
    /** Boxes at the other end. */
    count: Int32Array;
    x: Float64Array;
    y: Float64Array;
  };
}

export interface View {
  /** The group that fills the view. */
  root: number;
  /** All its operators at once, without groups. */
  flat: boolean;
  open: ReadonlySet<number>;
}

interface Laid {
  level: Level;
  result: LayeredResult;
  /** Sizes that the layout was made for. */
  width: Float64Array;
  height: Float64Array;
  inner: (Laid | null)[];
}

/** Lays out views of one model. Levels are kept, and their layouts as long as no box in them changes its size. */
export class SceneBuilder {
  private readonly levels = new Map<string, Level>();
  private readonly laid = new Map<string, Laid>();
  private readonly model: Model;
  private readonly hierarchy: Hierarchy;

  constructor(model: Model, hierarchy: Hierarchy) {
    this.model = model;
    this.hierarchy = hierarchy;
  }

  build(view: View): Scene {
    const laid = this.layoutTree(view);
    return new SceneAssembler().assemble(laid);
  }

  /** Innermost groups first, since the size of a box is that of what is laid out in it. */
  private layoutTree(view: View): Laid {
    const opened: number[] = [view.root];
    for (let i = 0; !view.flat && i < opened.length; i++)
      for (const child of this.hierarchy.groups[opened[i]].children)
        if (child < 0 && view.open.has(~child)) opened.push(~child);
    const done = new Map<number, Laid>();
    for (const group of opened.reverse()) done.set(group, this.layoutGroup(group, view.flat, done));
    return done.get(view.root)!;
  }

  private layoutGroup(group: number, flat: boolean, done: Map<number, Laid>): Laid {
    const key = `${group}${flat ? ' flat' : ''}`;
    let level = this.levels.get(key);
    if (level === undefined) this.levels.set(key, (level = buildLevel(this.model, this.hierarchy, group, flat)));
    const n = level.kind.length;
    const width = new Float64Array(n);
    const height = new Float64Array(n);
    const inner: (Laid | null)[] = new Array<Laid | null>(n).fill(null);
    for (let node = 0; node < n; node++) {
      const open = level.kind[node] === CHILD && level.item[node] < 0 ? done.get(~level.item[node]) : undefined;
      if (open === undefined) {
        const size = nodeSize(this.model, this.hierarchy, level, node);
        width[node] = size.width;
        height[node] = size.height;
      } else {
        inner[node] = open;
        width[node] = Math.max(open.result.width, 120) + 2 * GROUP_PADDING;
        height[node] = open.result.height + GROUP_HEADER + 2 * GROUP_PADDING;
      }
    }
    const before = this.laid.get(key);
    if (before !== undefined && same(before.width, width) && same(before.height, height)) {
      const again = { ...before, inner };
      this.laid.set(key, again);
      return again;
    }
    const pinned = level.kind.map((kind) => (kind === INPUT_PORT ? FIRST : kind === OUTPUT_PORT ? LAST : FREE));
    const result = layoutLayered({ width, height, pinned, source: level.source, target: level.target });
    const laid = { level, result, width, height, inner };
    this.laid.set(key, laid);
    return laid;
  }
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => value === b[i]);
}

/** Puts laid out levels into the coordinates of the outermost. */
class SceneAssembler {
  private readonly kind: number[] = [];
  private readonly item: number[] = [];
  private readonly parent: number[] = [];
  private readonly rect: number[][] = [[], [], [], []];
  private readonly line: { from: number[]; to: number[]; tensor: number[]; count: number[]; state: number[] } = {
    from: [],
    to: [],
    tensor: [],
    count: [],
    state: [],
  };
  private readonly offsets: number[] = [0];
  private readonly points: number[] = [];
  private readonly stub: number[][] = [[], [], [], [], [], []];
  private readonly stubsAt = new Map<number, number>();

  assemble(top: Laid): Scene {
    const pending = [{ laid: top, parent: -1, x: 0, y: 0 }];
    for (let i = 0; i < pending.length; i++) {
      const { laid, parent, x, y } = pending[i];
      const boxes = this.addBoxes(laid, parent, x, y);
      for (const [node, inner] of laid.inner.entries())
        if (inner !== null) {
          const slack = (laid.width[node] - 2 * GROUP_PADDING - inner.result.width) / 2;
          pending.push({
            laid: inner,
            parent: boxes[node],
            x: x + laid.result.x[node] + GROUP_PADDING + slack,
            y: y + laid.result.y[node] + GROUP_HEADER + GROUP_PADDING,
          });
        }
      this.addLines(laid, boxes, parent, x, y);
    }
    const [x, y, width, height] = this.rect.map((values) => Float64Array.from(values));
    const [box, arrives, tensor, count, sx, sy] = this.stub;
    return {
      width: top.result.width,
      height: top.result.height,
      boxes: {
        kind: Uint8Array.from(this.kind),
        item: Int32Array.from(this.item),
        parent: Int32Array.from(this.parent),
        x,
        y,
        width,
        height,
      },
      lines: {
        from: Int32Array.from(this.line.from),
        to: Int32Array.from(this.line.to),
        tensor: Int32Array.from(this.line.tensor),
        count: Int32Array.from(this.line.count),
        state: Uint8Array.from(this.line.state),
        offsets: Int32Array.from(this.offsets),
        points: Float64Array.from(this.points),
      },
      stubs: {
        box: Int32Array.from(box),
        arrives: Uint8Array.from(arrives),
        tensor: Int32Array.from(tensor),
        count: Int32Array.from(count),
        x: Float64Array.from(sx),
        y: Float64Array.from(sy),
      },
    };
  }

  /** The boxes of one level; returns the box of every node, the parent for ports. */
  private addBoxes(laid: Laid, parent: number, x: number, y: number): Int32Array {
    const { level, result } = laid;
    return Int32Array.from(level.kind, (kind, node) => {
      if (kind === INPUT_PORT || kind === OUTPUT_PORT) return parent;
      const item = level.item[node];
      this.kind.push(
        kind === GRAPH_INPUT
          ? INPUT
          : kind === GRAPH_OUTPUT
            ? OUTPUT
            : item >= 0
              ? OPERATOR
              : laid.inner[node] === null
                ? CLOSED_GROUP
                : OPEN_GROUP,
      );
      this.item.push(item >= 0 ? item : ~item);
      this.parent.push(parent);
      const values = [x + result.x[node], y + result.y[node], laid.width[node], laid.height[node]];
      for (const [i, value] of values.entries()) this.rect[i].push(value);
      return this.kind.length - 1;
    });
  }

  private addLines(laid: Laid, boxes: Int32Array, parent: number, x: number, y: number): void {
    const { level, result } = laid;
    const cutOut = new Map<string, number>();
    for (let e = 0; e < level.source.length; e++) {
      const tensors = rowOf(level.tensors, e);
      const from = level.source[e];
      const to = level.target[e];
      if (result.state[e] === CUT) {
        for (const tensor of tensors) this.addStubs(laid, boxes, from, to, tensor, x, y, cutOut);
        continue;
      }
      // Tensors that meet different ports of an open group go their own ways at that end.
      const ways = new Map<string, { leave: number | null; arrive: number | null; tensors: number[] }>();
      for (const tensor of tensors) {
        const leave = portX(laid, from, tensor, OUTPUT_PORT);
        const arrive = portX(laid, to, tensor, INPUT_PORT);
        const key = `${leave ?? ''}:${arrive ?? ''}`;
        const way = ways.get(key);
        if (way === undefined) ways.set(key, { leave, arrive, tensors: [tensor] });
        else way.tensors.push(tensor);
      }
      for (const { leave, arrive, tensors: carried } of ways.values()) {
        this.line.from.push(boxes[from]);
        this.line.to.push(boxes[to]);
        this.line.tensor.push(carried[0]);
        this.line.count.push(carried.length);
        this.line.state.push(result.state[e]);
        const start = this.points.length;
        if (level.kind[from] === INPUT_PORT) this.points.push(x + result.x[from] + 3, this.rect[1][parent]);
        for (let i = result.routes.offsets[e]; i < result.routes.offsets[e + 1]; i += 2)
          this.points.push(x + result.routes.points[i], y + result.routes.points[i + 1]);
        if (level.kind[to] === OUTPUT_PORT)
          this.points.push(x + result.x[to] + 3, this.rect[1][parent] + this.rect[3][parent]);
        if (leave !== null) this.points[start] = x + leave;
        if (arrive !== null) this.points[this.points.length - 2] = x + arrive;
        this.offsets.push(this.points.length);
      }
    }
  }

  /** A label where a cut edge leaves (once per tensor) and one where it arrives. */
  private addStubs(
    laid: Laid,
    boxes: Int32Array,
    from: number,
    to: number,
    tensor: number,
    x: number,
    y: number,
    cutOut: Map<string, number>,
  ): void {
    const add = (node: number, arrives: number): number => {
      const { result } = laid;
      const at = portX(laid, node, tensor, arrives === 1 ? INPUT_PORT : OUTPUT_PORT);
      const side = 2 * boxes[node] + arrives;
      const taken = (this.stubsAt.get(side) ?? 0) + 1;
      this.stubsAt.set(side, taken);
      const sx = at ?? result.x[node] + laid.width[node] / 2 + taken * 14;
      const sy = result.y[node] + (arrives === 1 ? 0 : laid.height[node]);
      for (const [i, value] of [boxes[node], arrives, tensor, 1, x + sx, y + sy].entries()) this.stub[i].push(value);
      return this.stub[0].length - 1;
    };
    const key = `${from}:${tensor}`;
    const known = cutOut.get(key);
    if (known !== undefined) this.stub[3][known]++;
    else if (laid.level.kind[from] !== INPUT_PORT) cutOut.set(key, add(from, 0));
    if (laid.level.kind[to] !== OUTPUT_PORT) add(to, 1);
  }
}

/** Where the border of an open group is crossed by a tensor, in the coordinates of the level around it; else null. */
function portX(laid: Laid, node: number, tensor: number, kind: number): number | null {
  const inner = laid.inner[node];
  if (inner === null) return null;
  const { level, result } = inner;
  let port = -1;
  for (let i = 0; i < level.kind.length; i++)
    if (level.kind[i] === kind && (level.item[i] === tensor || port < 0)) {
      port = i;
      if (level.item[i] === tensor) break;
    }
  if (port < 0) return null;
  const slack = (laid.width[node] - 2 * GROUP_PADDING - result.width) / 2;
  return laid.result.x[node] + GROUP_PADDING + slack + result.x[port] + 3;
}
