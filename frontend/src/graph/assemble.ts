/** Puts laid out levels into the coordinates of the outermost. */
import { rowOf } from '../wire/csr.ts';
import { innerOrigin, type Laid } from './arrange.ts';
import { PORT_WIDTH } from './boxes.ts';
import { BACKWARD, CUT } from './layout/layered.ts';
import { CHILD, GRAPH_INPUT, INPUT_PORT, OUTPUT_PORT } from './level.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPEN_OPERATOR, OPERATOR, OUTPUT, type Scene } from './scene.ts';

/** Stubs at one side of a box stand this far apart; those that find no place share the last. */
const STUB_STEP = 14;
/** Stubs keep off the corners. */
const CORNER = 10;

export function assemble(top: Laid): Scene {
  const assembly = new Assembly();
  const pending: Placed[] = [{ laid: top, parent: -1, x: 0, y: 0 }];
  for (const placed of pending) {
    const { laid, x, y } = placed;
    const boxes = assembly.addBoxes(placed);
    assembly.addLines(placed, boxes);
    for (const [node, inner] of laid.inner.entries())
      if (inner !== null) {
        const origin = innerOrigin(laid, node);
        pending.push({ laid: inner, parent: boxes[node], x: x + origin.x, y: y + origin.y });
      }
  }
  return assembly.finish(top.result.width, top.result.height);
}

/** A level, the box that it stands in (-1 for none), and where. */
interface Placed {
  laid: Laid;
  parent: number;
  x: number;
  y: number;
}

/** Tensors of an edge that take the same way: from and to which x, where that is not the edge's own. */
interface Way {
  leave: number | null;
  arrive: number | null;
  tensors: number[];
}

class Assembly {
  private readonly boxes = { kind: [] as number[], item: [] as number[], parent: [] as number[] };
  private readonly rect = {
    x: [] as number[],
    y: [] as number[],
    width: [] as number[],
    height: [] as number[],
  };
  private readonly lines = lists('from', 'to', 'tensor', 'state');
  private readonly carried = { offsets: [0], values: [] as number[] };
  private readonly offsets: number[] = [0];
  private readonly points: number[] = [];
  private readonly stubs = lists('box', 'arrives', 'tensor', 'count', 'x', 'y');
  /** The stubs at each side of a box: how many, and which is the last. */
  private readonly sides = new Map<number, { count: number; last: number }>();

  /** The boxes of one level; returns the box of every node, the parent for ports. */
  addBoxes({ laid, parent, x, y }: Placed): Int32Array {
    const { level, result } = laid;
    return Int32Array.from(level.kind, (kind, node) => {
      if (kind === INPUT_PORT || kind === OUTPUT_PORT) return parent;
      const item = level.item[node];
      this.boxes.kind.push(kindOf(kind, item, laid.inner[node] !== null));
      this.boxes.item.push(item >= 0 ? item : ~item);
      this.boxes.parent.push(parent);
      this.rect.x.push(x + result.x[node]);
      this.rect.y.push(y + result.y[node]);
      this.rect.width.push(laid.width[node]);
      this.rect.height.push(laid.height[node]);
      return this.boxes.kind.length - 1;
    });
  }

  addLines(placed: Placed, boxes: Int32Array): void {
    const { level, plan } = placed.laid;
    /** The stubs where tensors leave, by node and tensor. */
    const leaving = new Map<string, number>();
    for (let e = 0; e < level.source.length; e++) {
      const tensors = rowOf(level.tensors, e);
      if (plan.state[e] === CUT)
        for (const tensor of tensors) this.addStubs(placed, boxes, e, tensor, leaving);
      else for (const way of waysOf(placed.laid, e, tensors)) this.addLine(placed, boxes, e, way);
    }
  }

  finish(width: number, height: number): Scene {
    const { boxes, rect, lines, carried, stubs } = this;
    return {
      width,
      height,
      boxes: {
        kind: Uint8Array.from(boxes.kind),
        item: Int32Array.from(boxes.item),
        parent: Int32Array.from(boxes.parent),
        x: Float64Array.from(rect.x),
        y: Float64Array.from(rect.y),
        width: Float64Array.from(rect.width),
        height: Float64Array.from(rect.height),
      },
      lines: {
        from: Int32Array.from(lines.from),
        to: Int32Array.from(lines.to),
        tensor: Int32Array.from(lines.tensor),
        tensors: {
          offsets: Int32Array.from(carried.offsets),
          values: Int32Array.from(carried.values),
        },
        state: Uint8Array.from(lines.state),
        offsets: Int32Array.from(this.offsets),
        points: Float64Array.from(this.points),
      },
      stubs: {
        box: Int32Array.from(stubs.box),
        arrives: Uint8Array.from(stubs.arrives),
        tensor: Int32Array.from(stubs.tensor),
        count: Int32Array.from(stubs.count),
        x: Float64Array.from(stubs.x),
        y: Float64Array.from(stubs.y),
      },
    };
  }

  private addLine({ laid, parent, x, y }: Placed, boxes: Int32Array, e: number, way: Way): void {
    const { level, plan, result } = laid;
    const { lines, carried, points, rect } = this;
    const from = level.source[e];
    const to = level.target[e];
    lines.from.push(boxes[from]);
    lines.to.push(boxes[to]);
    lines.tensor.push(way.tensors[0]);
    for (const tensor of way.tensors) carried.values.push(tensor);
    carried.offsets.push(carried.values.length);
    lines.state.push(plan.state[e]);
    const { routes } = result;
    const top = parent < 0 ? 0 : rect.y[parent];
    const bottom = parent < 0 ? result.height : top + rect.height[parent];
    if (level.kind[from] === INPUT_PORT) points.push(x + result.x[from] + PORT_WIDTH / 2, top);
    const count = (routes.offsets[e + 1] - routes.offsets[e]) / 2;
    for (let i = 0; i < count; i++) {
      const p = routes.offsets[e] + 2 * i;
      const moved = i < routes.heads[e] ? way.leave : i >= count - routes.tails[e] ? way.arrive : null;
      points.push(x + (moved ?? routes.points[p]), y + routes.points[p + 1]);
    }
    if (level.kind[to] === OUTPUT_PORT) points.push(x + result.x[to] + PORT_WIDTH / 2, bottom);
    this.offsets.push(points.length);
  }

  /** A label where a cut edge leaves (once per tensor) and one where it arrives; ports have none. */
  private addStubs(
    placed: Placed,
    boxes: Int32Array,
    e: number,
    tensor: number,
    leaving: Map<string, number>,
  ): void {
    const { level } = placed.laid;
    const from = level.source[e];
    const to = level.target[e];
    const key = `${from}:${tensor}`;
    const known = leaving.get(key);
    if (known !== undefined) this.stubs.count[known]++;
    else if (level.kind[from] !== INPUT_PORT)
      leaving.set(key, this.addStub(placed, boxes[from], from, tensor, 0));
    if (level.kind[to] !== OUTPUT_PORT) this.addStub(placed, boxes[to], to, tensor, 1);
  }

  private addStub(
    { laid, x, y }: Placed,
    box: number,
    node: number,
    tensor: number,
    arrives: number,
  ): number {
    const { stubs } = this;
    const width = laid.width[node];
    const port = portX(laid, node, tensor, arrives === 1 ? INPUT_PORT : OUTPUT_PORT);
    const key = 2 * box + arrives;
    const side = this.sides.get(key) ?? { count: 0, last: -1 };
    if (port === null && side.count >= Math.max(1, Math.floor((width / 2 - CORNER) / STUB_STEP))) {
      stubs.count[side.last]++;
      return side.last;
    }
    this.sides.set(key, { count: side.count + 1, last: stubs.box.length });
    stubs.box.push(box);
    stubs.arrives.push(arrives);
    stubs.tensor.push(tensor);
    stubs.count.push(1);
    stubs.x.push(x + (port ?? laid.result.x[node] + width / 2 + (side.count + 1) * STUB_STEP));
    stubs.y.push(y + laid.result.y[node] + (arrives === 1 ? 0 : laid.height[node]));
    return stubs.box.length - 1;
  }
}

function lists<Name extends string>(...names: Name[]): Record<Name, number[]> {
  return Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
}

function kindOf(nodeKind: number, item: number, isOpen: boolean): number {
  if (nodeKind !== CHILD) return nodeKind === GRAPH_INPUT ? INPUT : OUTPUT;
  if (item >= 0) return isOpen ? OPEN_OPERATOR : OPERATOR;
  return isOpen ? OPEN_GROUP : CLOSED_GROUP;
}

/** Tensors that meet different ports of an open group go their own ways at that end; but not against the flow. */
function waysOf(laid: Laid, e: number, tensors: Int32Array): Iterable<Way> {
  const from = laid.level.source[e];
  const to = laid.level.target[e];
  const isPlain = laid.inner[from] === null && laid.inner[to] === null;
  if (isPlain || laid.plan.state[e] === BACKWARD)
    return [{ leave: null, arrive: null, tensors: Array.from(tensors) }];
  const ways = new Map<string, Way>();
  for (const tensor of tensors) {
    const leave = portX(laid, from, tensor, OUTPUT_PORT);
    const arrive = portX(laid, to, tensor, INPUT_PORT);
    const key = `${leave ?? ''}:${arrive ?? ''}`;
    const way = ways.get(key);
    if (way === undefined) ways.set(key, { leave, arrive, tensors: [tensor] });
    else way.tensors.push(tensor);
  }
  return ways.values();
}

/** Where the border of an open group is crossed by a tensor, in the coordinates of the level around it; else null. */
function portX(laid: Laid, node: number, tensor: number, kind: number): number | null {
  const inner = laid.inner[node];
  if (inner === null) return null;
  const port = (kind === INPUT_PORT ? inner.level.inputs : inner.level.outputs).get(tensor);
  return port === undefined ? null : innerOrigin(laid, node).x + inner.result.x[port] + PORT_WIDTH / 2;
}
