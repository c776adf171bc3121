/** What is to be drawn, in one coordinate system: boxes from the outermost in, lines between them, labels at cut edges. */
import type { Csr } from '../wire/csr.ts';

export const OPERATOR = 0;
export const CLOSED_GROUP = 1;
export const OPEN_GROUP = 2;
export const INPUT = 3;
export const OUTPUT = 4;
/** An operator that runs subgraphs, with these in it. */
export const OPEN_OPERATOR = 5;

export function isOpen(kind: number): boolean {
  return kind === OPEN_GROUP || kind === OPEN_OPERATOR;
}

/** Boxes come parents first; every array has one entry per box, line or stub. Posted between threads as it is. */
export interface Scene {
  width: number;
  height: number;
  boxes: {
    kind: Uint8Array;
    /** Operator id, group id, or the tensor of an input or output. */
    item: Int32Array;
    /** The open group or operator that a box stands in, as box index; -1 at the top. */
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
    /** The first of the tensors that it carries, and all of them. */
    tensor: Int32Array;
    tensors: Csr;
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
  /** Open groups by their ids, and open operators by theirs (see calls.ts). */
  open: ReadonlySet<number>;
}
