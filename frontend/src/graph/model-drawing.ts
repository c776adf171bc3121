/** Turns a scene into a drawing: what the boxes of this model say, and their colours. */
import { rowOf } from '../wire/csr.ts';
import { operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { activationOf, ioLines, operatorLines } from './boxes.ts';
import { lineBoundsOf, type BoxText, type Drawing, type Strip } from './drawing.ts';
import type { Group, Hierarchy } from './hierarchy.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPERATOR, OUTPUT, type Scene } from './scene.ts';

export function drawingOf(model: Model, hierarchy: Hierarchy, scene: Scene): Drawing {
  const familyOfType = Uint8Array.from(model.typeFamilies, (family) => model.families.indexOf(family));
  const { kind, item } = scene.boxes;
  const equals = countEqual(hierarchy);
  const texts = new Map<number, BoxText>();
  const strips = new Map<number, Strip[]>();
  return {
    scene,
    lineBounds: lineBoundsOf(scene),
    color: Uint8Array.from(kind, (k, i) => (k === OPERATOR ? familyOfType[model.operatorType[item[i]]] : 0)),
    text: (box) => remembered(texts, box, () => textOf(model, hierarchy, equals, kind[box], item[box])),
    strip: (box) => remembered(strips, box, () => stripOf(model, hierarchy, familyOfType, hierarchy.groups[item[box]])),
    stubText: (stub) => stubTextOf(model, hierarchy, scene, stub),
  };
}

function remembered<T>(known: Map<number, T>, key: number, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}

/** How many groups have each signature. */
export function countEqual(hierarchy: Hierarchy): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { signature } of hierarchy.groups) counts.set(signature, (counts.get(signature) ?? 0) + 1);
  return counts;
}

function textOf(
  model: Model,
  hierarchy: Hierarchy,
  equals: Map<number, number>,
  kind: number,
  item: number,
): BoxText {
  switch (kind) {
    case OPERATOR:
      return {
        title: operatorTypeName(model, item),
        chip: activationOf(model, item),
        lines: operatorLines(model, hierarchy, item),
      };
    case CLOSED_GROUP:
    case OPEN_GROUP: {
      const group = hierarchy.groups[item];
      const equal = equals.get(group.signature) ?? 1;
      const count = group.end - group.start;
      return {
        title: group.name,
        chip: equal > 1 ? `×${equal}` : '',
        lines: [`${count} operator${count === 1 ? '' : 's'}`],
      };
    }
    case INPUT:
    case OUTPUT:
      return { title: '', chip: '', lines: ioLines(model, item) };
    default:
      return { title: '', chip: '', lines: [] };
  }
}

function stripOf(model: Model, hierarchy: Hierarchy, familyOfType: Uint8Array, group: Group): Strip[] {
  const counts = new Map<number, number>();
  for (let at = group.start; at < group.end; at++) {
    const family = familyOfType[model.operatorType[hierarchy.order[at]]];
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  const total = group.end - group.start;
  return [...counts]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([color, count]) => ({ color, share: count / total }));
}

function stubTextOf(model: Model, hierarchy: Hierarchy, scene: Scene, stub: number): string {
  const tensor = scene.stubs.tensor[stub];
  const name = tensorName(model, tensor).split(';')[0].split('/').slice(-2).join('/');
  if (scene.stubs.arrives[stub] === 1) {
    const from = model.producer[tensor];
    return from < 0 ? name : `${operatorTypeName(model, from)} ${name}`;
  }
  const users = new Set(rowOf(model.consumers, tensor).map((op) => (hierarchy.host[op] >= 0 ? hierarchy.host[op] : op)));
  const far = scene.stubs.count[stub];
  return `→ ${far === 1 ? 'one more' : `${far} more`} of ${users.size}`;
}
