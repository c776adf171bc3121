/** Sizes of boxes, from the text in them. Estimated, not measured: the same on every machine and in the worker. */
import { rowOf } from '../wire/csr.ts';
import { ACTIVATIONS, dtypeName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { calleeTitle } from './calls.ts';
import { operatorLabel, type Hierarchy } from './hierarchy.ts';
import { CHILD, GRAPH_INPUT, GRAPH_OUTPUT, type Level } from './level.ts';

export const LINE = 15;
export const PADDING = 8;
/** Around what an open group holds, and above it for its name. */
export const GROUP_PADDING = 18;
export const GROUP_HEADER = 24;

/** A port is a point on a border, with some room around it. */
export const PORT_WIDTH = 6;

const MIN_WIDTH = 84;
const MAX_WIDTH = 240;
// Mean advances of a system font at 12 px bold and 11 px regular, generous by a few per cent.
const BOLD = 8.6;
const REGULAR = 6.7;

export interface Size {
  width: number;
  height: number;
}

/** Layer name, first output, and the constants by operand name. */
export function operatorLines(model: Model, hierarchy: Hierarchy, op: number): string[] {
  const lines = [operatorLabel(model, hierarchy, op)];
  const outputs = rowOf(model.outputs, op);
  if (outputs.length > 0 && outputs[0] >= 0) lines.push(tensorText(model, outputs[0]));
  const constants = constantsText(model, hierarchy, op);
  if (constants !== '') lines.push(constants);
  return lines;
}

const MOST_CONSTANTS = 3;

/** `filter 16×3×3×3 · bias 16`; through folded operators to the constant that is stored. */
function constantsText(model: Model, hierarchy: Hierarchy, op: number): string {
  const names = model.operandNames[model.operatorType[op]];
  const parts: string[] = [];
  for (const [i, tensor] of rowOf(model.inputs, op).entries()) {
    if (tensor < 0) continue;
    const from = model.producer[tensor];
    const isConstant = model.constantBytes[tensor] > 0 || (from >= 0 && hierarchy.host[from] >= 0);
    if (!isConstant) continue;
    if (parts.push(`${names[i] ?? `input ${i}`} ${shapeText(model, tensor)}`) === MOST_CONSTANTS) break;
  }
  return parts.join(' · ');
}

function shapeText(model: Model, tensor: number): string {
  return Array.from(rowOf(model.tensorShape, tensor)).join('×') || 'scalar';
}

export function activationOf(model: Model, op: number): string {
  return ACTIVATIONS[model.activation[op]] ?? '';
}

/** `int8 1×32×32×16`, the way a tensor reads on an edge and in a box. */
export function tensorText(model: Model, tensor: number): string {
  const shape = Array.from(rowOf(model.tensorShape, tensor)).join('×');
  return `${dtypeName(model, tensor).toLowerCase()}${shape === '' ? '' : ` ${shape}`}`;
}

/** An input or output; with `count`, of several that stand in one box. */
export function ioLines(model: Model, tensor: number, count = 1): string[] {
  const lines = [tensorName(model, tensor), tensorText(model, tensor)];
  if (count > 1) lines.push(`and ${count - 1} more`);
  return lines;
}

/** The type of an operator; with a sign that it opens where it runs subgraphs. */
export function operatorTitle(model: Model, op: number, isOpen = false): string {
  const opens = model.controlFlow.has(op) && !isOpen;
  return operatorTypeName(model, op) + (opens ? ' ▸' : '');
}

/**
 * The sizes of the nodes of a level whose groups are closed; ports are as good as none.
 *
 * @param caller the operator whose subgraphs the level shows, -1 for the levels of groups
 */
export function nodeSize(model: Model, hierarchy: Hierarchy, level: Level, node: number, caller = -1): Size {
  const item = level.item[node];
  switch (level.kind[node]) {
    case CHILD:
      if (item >= 0) return operatorSize(model, hierarchy, item);
      return groupSize(
        hierarchy,
        ~item,
        caller < 0 ? hierarchy.groups[~item].name : calleeTitle(model, hierarchy, caller, ~item),
      );
    case GRAPH_INPUT:
    case GRAPH_OUTPUT:
      return ofText('', ioLines(model, item, tensorsAt(level, node)));
    default:
      return { width: PORT_WIDTH, height: 0 };
  }
}

/** How many inputs or outputs stand in a box. */
function tensorsAt(level: Level, node: number): number {
  let count = 0;
  for (const at of (level.kind[node] === GRAPH_INPUT ? level.inputs : level.outputs).values())
    if (at === node) count++;
  return count;
}

function operatorSize(model: Model, hierarchy: Hierarchy, op: number): Size {
  const activation = activationOf(model, op);
  const title = operatorTitle(model, op) + (activation === '' ? '' : ` ${activation}.`);
  return ofText(title, operatorLines(model, hierarchy, op));
}

function groupSize(hierarchy: Hierarchy, id: number, title: string): Size {
  const group = hierarchy.groups[id];
  const size = ofText(`${title} ▸`, [`${group.end - group.start} operators`]);
  return { width: Math.max(size.width, 130), height: size.height + 10 };
}

function ofText(title: string, lines: string[]): Size {
  const widest = Math.max(title.length * BOLD, ...lines.map((line) => line.length * REGULAR));
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.ceil(widest) + 2 * PADDING));
  const rows = lines.length + (title === '' ? 0 : 1);
  return { width, height: rows * LINE + PADDING };
}
