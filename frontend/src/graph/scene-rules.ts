/** What must hold of every scene. Only tests import this. */
import { rowOf } from '../wire/csr.ts';
import { GROUP_HEADER } from './boxes.ts';
import { overlap } from './layout/testing.ts';
import { isOpen, type Scene } from './scene.ts';

const EPSILON = 1e-6;

/** The names of all rules that a scene breaks; there should be none. */
export function brokenSceneRules(scene: Scene): Set<string> {
  const { boxes, lines, stubs } = scene;
  const broken = new Set<string>();
  const check = (holds: boolean, rule: string): void => {
    if (!holds) broken.add(rule);
  };
  const siblings = new Map<number, number[]>();
  for (let i = 0; i < boxes.kind.length; i++) {
    const parent = boxes.parent[i];
    siblings.set(parent, [...(siblings.get(parent) ?? []), i]);
    check(parent < i, 'parents come first');
    check(parent < 0 || isOpen(boxes.kind[parent]), 'only what is open holds boxes');
    check(isInside(i, parent), 'boxes are inside their parent, below its header');
  }
  for (const among of siblings.values()) check(overlap(boxes, among) === null, 'siblings do not overlap');
  check(lines.offsets.length === lines.from.length + 1, 'every line has points');
  for (let i = 0; i < lines.from.length; i++) {
    check(lines.offsets[i + 1] - lines.offsets[i] >= 4, 'a line has two ends');
    check(rowOf(lines.tensors, i)[0] === lines.tensor[i] && lines.tensor[i] >= 0, 'a line carries a tensor');
    const [from, to] = [lines.from[i], lines.to[i]];
    // A port's line belongs to the group around the box; all others lie between boxes of one level.
    const around = boxes.parent[from] === to ? to : boxes.parent[to];
    for (let p = lines.offsets[i]; p < lines.offsets[i + 1]; p += 2)
      check(
        holds(around, lines.points[p], lines.points[p + 1]),
        'lines stay in the group that they belong to',
      );
    check(meets(from, lines.offsets[i]), 'lines start at the border of their box');
    check(meets(to, lines.offsets[i + 1] - 2), 'lines end at the border of their box');
  }
  for (let i = 0; i < stubs.box.length; i++) {
    const box = stubs.box[i];
    const side = boxes.y[box] + (stubs.arrives[i] === 1 ? 0 : boxes.height[box]);
    check(Math.abs(stubs.y[i] - side) < EPSILON, 'labels stand at a side');
    check(
      stubs.x[i] >= boxes.x[box] - EPSILON && stubs.x[i] <= boxes.x[box] + boxes.width[box] + EPSILON,
      'and in its width',
    );
    check(stubs.count[i] > 0, 'labels stand for something');
  }
  return broken;

  function isInside(i: number, parent: number): boolean {
    const right = boxes.x[i] + boxes.width[i];
    const bottom = boxes.y[i] + boxes.height[i];
    const header = parent < 0 ? 0 : GROUP_HEADER;
    return holds(parent, boxes.x[i], boxes.y[i] - header) && holds(parent, right, bottom);
  }

  function holds(parent: number, x: number, y: number): boolean {
    const [left, top] = parent < 0 ? [0, 0] : [boxes.x[parent], boxes.y[parent]];
    const width = parent < 0 ? scene.width : boxes.width[parent];
    const height = parent < 0 ? scene.height : boxes.height[parent];
    const across = x >= left - EPSILON && x <= left + width + EPSILON;
    return across && y >= top - EPSILON && y <= top + height + EPSILON;
  }

  function meets(box: number, p: number): boolean {
    if (box < 0) return true; // the port of a group that is the whole view
    const y = lines.points[p + 1];
    const isSide =
      Math.abs(y - boxes.y[box]) < EPSILON || Math.abs(y - boxes.y[box] - boxes.height[box]) < EPSILON;
    return isSide && holds(box, lines.points[p], y);
  }
}
