/** Turns a scene into a drawing: what the boxes of this model say, and their colours. */
import { colorOfValue, type Lens } from '../lens/lens.ts';
import { countColors } from '../lens/rollup.ts';
import type { Theme } from '../lib/palette.ts';
import { formatQuantity } from '../lib/units.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { activationOf, ioLines, operatorLines, operatorTitle } from './boxes.ts';
import { calleeTitle } from './calls.ts';
import { lineBoundsOf, type BoxText, type Drawing, type Paint, type Strip } from './drawing.ts';
import { sharedCounts } from './endpoints.ts';
import type { Group, Hierarchy } from './hierarchy.ts';
import { lineText, tensorBytes, weightOf } from './line-figures.ts';
import { regionsOf } from './regions.ts';
import { CLOSED_GROUP, INPUT, OPEN_GROUP, OPEN_OPERATOR, OPERATOR, OUTPUT, type Scene } from './scene.ts';

export function drawingOf(model: Model, hierarchy: Hierarchy, scene: Scene, paint: Paint): Drawing {
  const equals = countEqual(hierarchy);
  let counts: Map<number, number> | null = null;
  const shared = (): Map<number, number> => (counts ??= sharedCounts(model));
  const texts = new Map<number, BoxText>();
  const lineTexts = new Map<number, string>();
  const lineWeights = new Map<number, number>();
  return {
    scene,
    lineBounds: lineBoundsOf(scene),
    paint,
    text: (box) => remembered(texts, box, () => textOf(model, hierarchy, equals, shared, scene, box)),
    stubText: stubTexts(model, hierarchy, scene),
    lineText: (line) => remembered(lineTexts, line, () => lineText(model, scene, line)),
    lineWeight: (line) =>
      remembered(lineWeights, line, () => weightOf(tensorBytes(model, scene.lines.tensor[line]))),
  };
}

/** The colours of a scene under a lens. */
export function paintOf(hierarchy: Hierarchy, scene: Scene, lens: Lens, theme: Theme): Paint {
  const { item } = scene.boxes;
  const strips = new Map<number, Strip[]>();
  const figures = new Map<number, string>();
  return {
    palette: lens.palette(theme),
    color: colorsOf(scene, lens.color),
    strip: (box) => remembered(strips, box, () => stripOf(hierarchy, lens, hierarchy.groups[item[box]])),
    figure: (box) => remembered(figures, box, () => figureOf(lens, hierarchy.groups[item[box]])),
    regions: regionsOf(hierarchy, scene, lens),
  };
}

/** A plain loop: the callback of Uint8Array.from takes most of a tenth of a second for 50,000 boxes. */
function colorsOf({ boxes }: Scene, colorOfOperator: Uint8Array): Uint8Array {
  const { kind, item } = boxes;
  const color = new Uint8Array(kind.length);
  for (let i = 0; i < kind.length; i++) if (kind[i] === OPERATOR) color[i] = colorOfOperator[item[i]];
  return color;
}

/** Stubs closer than this leave no room for a label between them. */
const LABEL_ROOM = 60;

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
  shared: () => Map<number, number>,
  { boxes }: Scene,
  box: number,
): BoxText {
  const item = boxes.item[box];
  switch (boxes.kind[box]) {
    case OPERATOR:
    case OPEN_OPERATOR:
      return {
        title: operatorTitle(model, item, boxes.kind[box] === OPEN_OPERATOR),
        chip: activationOf(model, item),
        lines: operatorLines(model, hierarchy, item),
      };
    case CLOSED_GROUP:
    case OPEN_GROUP: {
      const group = hierarchy.groups[item];
      const equal = equals.get(group.signature) ?? 1;
      const count = group.end - group.start;
      const caller = boxes.parent[box] >= 0 && group.parent < 0 ? boxes.item[boxes.parent[box]] : -1;
      return {
        title: caller < 0 ? group.name : calleeTitle(model, hierarchy, caller, item),
        chip: equal > 1 ? `×${equal}` : '',
        lines: [`${count} operator${count === 1 ? '' : 's'}`],
      };
    }
    case INPUT:
    case OUTPUT:
      return { title: '', chip: '', lines: ioLines(model, item, shared().get(item)) };
    default:
      return { title: '', chip: '', lines: [] };
  }
}

/** As many parts of a strip can be told apart. */
const STRIP_PARTS = 24;

/** The shares of categories, the largest first; or how a quantity runs through the group in the order of execution. */
export function stripOf(hierarchy: Hierarchy, lens: Lens, group: Group): Strip[] {
  if (lens.kind === 'category') {
    const total = group.end - group.start;
    return [...countColors(lens.color, hierarchy, group)]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .map(([color, count]) => ({ color, share: count / total }));
  }
  const profile = lens.rollUp.profile(group, STRIP_PARTS);
  const strip: Strip[] = [];
  for (const value of profile) {
    const color = colorOfValue(lens, value);
    const last = strip.at(-1);
    if (last?.color === color) last.share += 1 / profile.length;
    else strip.push({ color, share: 1 / profile.length });
  }
  return strip;
}

/** What a group comes to under a quantity: its sum, or where there is none its largest value. */
function figureOf(lens: Lens, group: Group): string {
  if (lens.kind === 'category') return '';
  const { column, rollUp } = lens;
  const sum = rollUp.sum(group);
  if (!Number.isNaN(sum)) return formatQuantity(sum, column.unit);
  const largest = rollUp.largest(group);
  return largest === null ? '' : `≤ ${formatQuantity(largest.value, column.unit)}`;
}

/** For every stub the one before it at the same side that shares its label, and whether another one shares its own. */
function sharedLabels({ stubs }: Scene): { before: Int32Array; isTaken: Uint8Array } {
  const { box, arrives, x } = stubs;
  const before = new Int32Array(box.length).fill(-1);
  const isTaken = new Uint8Array(box.length);
  const lastAt = new Map<number, number>();
  for (let stub = 0; stub < box.length; stub++) {
    const side = 2 * box[stub] + arrives[stub];
    const last = lastAt.get(side);
    if (last !== undefined && Math.abs(x[stub] - x[last]) < LABEL_ROOM) {
      before[stub] = last;
      isTaken[last] = 1;
    }
    lastAt.set(side, stub);
  }
  return { before, isTaken };
}

/** Stubs that stand close together have one label, at the last of them. */
function stubTexts(model: Model, hierarchy: Hierarchy, scene: Scene): (stub: number) => string {
  let labels: ReturnType<typeof sharedLabels> | null = null;
  const texts = new Map<number, string>();
  return (stub) =>
    remembered(texts, stub, () => {
      const { before, isTaken } = (labels ??= sharedLabels(scene));
      if (isTaken[stub] === 1) return '';
      const parts: string[] = [];
      for (let at = stub; at >= 0; at = before[at]) parts.push(stubText(model, hierarchy, scene, at));
      return parts.reverse().join(' · ');
    });
}

function stubText(model: Model, hierarchy: Hierarchy, scene: Scene, stub: number): string {
  const tensor = scene.stubs.tensor[stub];
  const more = scene.stubs.count[stub];
  if (scene.stubs.arrives[stub] === 1) {
    const from = model.producer[tensor];
    const name = tensorName(model, tensor).split(';')[0].split('/').slice(-2).join('/');
    const text = from < 0 ? name : `${operatorTypeName(model, from)} ${name}`;
    return more > 1 ? `${text} and ${more - 1} more` : text;
  }
  const users = new Set(
    rowOf(model.consumers, tensor).map((op) => (hierarchy.host[op] >= 0 ? hierarchy.host[op] : op)),
  );
  if (users.size === 0) return `→ ${tensorName(model, tensor)}${more > 1 ? ` and ${more - 1} more` : ''}`;
  if (users.size === 1 && more === 1) return `→ ${operatorTypeName(model, [...users][0])}`;
  return `→ ${more === 1 ? 'one' : more} more${more < users.size ? ` of ${users.size}` : ''}`;
}
