import { describe, expect, test } from 'vitest';
import { familyLens } from '../lens/lens.ts';
import { LIGHT } from '../lib/palette.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { densityFor } from './export.ts';
import { buildHierarchy } from './hierarchy.ts';
import { drawingOf, paintOf } from './model-drawing.ts';
import { Fitter } from './paint/fitter.ts';
import { SvgPen } from './paint/svg-pen.ts';
import { Painter, type Picture } from './renderer.ts';
import { isOpen } from './scene.ts';
import { decoderStack } from './testing.ts';

const MODEL = decoderStack({ layers: 12, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
const OPEN = new Set(HIERARCHY.groups.slice(1, 4).map(({ id }) => id));
const SCENE = assemble(new Arranger(MODEL, HIERARCHY).arrange({ root: 0, flat: false, open: OPEN }));
const PICTURE: Picture = {
  drawing: drawingOf(MODEL, HIERARCHY, SCENE, paintOf(HIERARCHY, SCENE, familyLens(MODEL), LIGHT)),
  marks: {
    selected: new Set(),
    tensors: new Set(),
    hovered: -1,
    hoveredLine: -1,
    matches: null,
    traced: null,
  },
  theme: LIGHT,
  weighsLines: false,
};

/** What is painted of the whole scene at a scale, or of a part of it. */
function painted(
  picture: Partial<Picture> = {},
  scale = 1,
  part: { x: number; y: number } | null = null,
): string {
  const fitter = new Fitter({ font: '', measureText: (text) => ({ width: 6 * text.length }) });
  const pen = new SvgPen();
  const viewport =
    part === null
      ? { width: SCENE.width * scale, height: SCENE.height * scale }
      : { width: 300 * scale, height: 200 * scale };
  const camera = { x: part?.x ?? 0, y: part?.y ?? 0, scale };
  new Painter(fitter, null).paint(pen, { ...PICTURE, ...picture }, { camera, viewport, pixelRatio: 1 });
  return pen.document('test', { x: 0, y: 0, width: 1, height: 1 }, '#fff', 'sans');
}

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);

describe('a scene', () => {
  test('near: every closed box says its title', () => {
    const said = texts(painted());
    for (let box = 0; box < SCENE.boxes.kind.length; box++) {
      const { title } = PICTURE.drawing.text(box);
      if (isOpen(SCENE.boxes.kind[box]) || title === '') continue;
      const start = title.slice(0, 3);
      expect(said.some((text) => text.startsWith(start))).toBe(true);
    }
  });

  test('far: no more texts than names of groups that have the room', () => {
    expect(texts(painted({}, 0.05)).length).toBeLessThan(10);
    expect(painted({}, 0.05)).not.toContain('C'); // no curve
  });

  test('out of sight nothing is painted', () => {
    const all = painted().length;
    const corner = painted({}, 1, { x: 0, y: 0 });
    expect(corner.length).toBeLessThan(all / 2);
    expect(texts(painted({}, 1, { x: -5000, y: 0 }))).toEqual([]);
  });

  test('traced: the rest is faded', () => {
    const boxes = new Uint8Array(SCENE.boxes.kind.length);
    const lines = new Uint8Array(SCENE.lines.from.length);
    boxes[SCENE.boxes.kind.findIndex((kind) => !isOpen(kind))] = 1;
    expect(painted({ marks: { ...PICTURE.marks, traced: { boxes, lines } } })).toContain('opacity="0.25"');
    expect(painted()).not.toContain('opacity');
  });

  test('what is selected is outlined, and the lines there say what they carry', () => {
    const line = SCENE.lines.from.findIndex((from) => from >= 0 && !isOpen(SCENE.boxes.kind[from]));
    const selected = new Set([SCENE.lines.from[line]]);
    const svg = painted({ marks: { ...PICTURE.marks, selected } }, 0.5);
    expect(svg).toContain(`stroke="${LIGHT.accent}"`);
    expect(texts(svg)).toContain(PICTURE.drawing.lineText(line));
  });

  test('lines by weight are of several widths', () => {
    const widths = (weighsLines: boolean): number =>
      new Set(
        [...painted({ weighsLines }).matchAll(/fill="none" stroke="#8b97a8" stroke-width="([^"]*)"/g)].map(
          ([, w]) => w,
        ),
      ).size;
    expect(widths(false)).toBe(1);
    expect(widths(true)).toBeGreaterThan(1);
  });
});

test('a picture is as dense as a canvas can be large', () => {
  expect(densityFor({ width: 1000, height: 1000 })).toBe(2);
  expect(densityFor({ width: 20_000, height: 1000 })).toBeCloseTo(0.8192);
  const { width, height } = { width: 16_000, height: 16_000 };
  const density = densityFor({ width, height });
  expect(width * density * height * density).toBeLessThanOrEqual(2 ** 26 + 1);
});
