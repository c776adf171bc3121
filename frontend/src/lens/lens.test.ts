import { describe, expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { decoderStack, modelOf, operatorOf } from '../graph/testing.ts';
import { DARK, LIGHT, type Theme } from '../lib/palette.ts';
import type { CategoryColumn, QuantityColumn } from '../wire/report.ts';
import { categoryColors, DISTINCT } from './colors.ts';
import { familyLens, lensOf, NOTHING } from './lens.ts';
import { countColors, RollUp } from './rollup.ts';

const MODEL = decoderStack({ layers: 4, named: true }).build();
const HIERARCHY = buildHierarchy(MODEL);
const N = MODEL.operatorCount;

function quantity(values: number[], unit = 'By', more: Partial<QuantityColumn> = {}): QuantityColumn {
  const base = { name: 'q', unit, provenance: 'declared' as const, doc: '', rows: values.length };
  return { ...base, kind: 'quantity', values: Float64Array.from(values), ...more };
}

function category(codes: number[], names: string[], kind: 'category' | 'flag' = 'category'): CategoryColumn {
  const base = { name: 'c', unit: '1', provenance: 'declared' as const, doc: '', rows: codes.length };
  return { ...base, kind, codes: Int32Array.from(codes), names };
}

const each = (f: (op: number) => number): number[] => Array.from({ length: N }, (_, op) => f(op));

describe.each<[string, Theme]>([
  ['light', LIGHT],
  ['dark', DARK],
])('on %s ground', (_, theme) => {
  test('every colour of a lens is in its palette', () => {
    const lenses = [
      familyLens(MODEL),
      lensOf('r.q', 'q', quantity(each((op) => (op === 3 ? NaN : op))), HIERARCHY, null),
      lensOf(
        'r.c',
        'c',
        category(
          each((op) => (op % 20) - 1),
          Array.from({ length: 19 }, String),
        ),
        HIERARCHY,
        null,
      ),
      lensOf(
        'r.f',
        'f',
        category(
          each((op) => op % 2),
          ['false', 'true'],
          'flag',
        ),
        HIERARCHY,
        null,
      ),
    ];
    for (const lens of lenses) {
      const palette = lens.palette(theme);
      expect(lens.color.length).toBe(N);
      expect(Math.max(...lens.color)).toBeLessThan(palette.length);
      expect(palette.map(({ hatched }) => hatched === true)).toEqual(palette.map((_, i) => i === 0));
    }
  });

  test('families keep their colours', () => {
    const lens = familyLens(MODEL);
    const palette = lens.palette(theme);
    for (let op = 0; op < N; op++)
      expect(palette[lens.color[op]]).toBe(theme.families[MODEL.typeFamilies[MODEL.operatorType[op]]]);
  });

  test('categories can be told apart, with colour-vision deficiency too', () => {
    const colors = categoryColors(theme.dark).map(({ strong }) => linear(strong));
    for (const [name, matrix] of Object.entries(VISION))
      for (let i = 0; i < colors.length; i++)
        for (let j = 0; j < i; j++)
          expect([name, i, j, distance(apply(matrix, colors[i]), apply(matrix, colors[j])) > 12]).toEqual([
            name,
            i,
            j,
            true,
          ]);
  });
});

describe('categories', () => {
  test('have colours in the order of the column, which do not change with the counts', () => {
    const lens = lensOf(
      'r.c',
      'c',
      category(
        each((op) => (op < 3 ? 2 : 0)),
        ['a', 'unused', 'b'],
      ),
      HIERARCHY,
      null,
    );
    if (lens.kind !== 'category') throw new Error('a category');
    expect(lens.categories).toEqual([
      { name: 'a', code: 0, color: 1 },
      { name: 'b', code: 2, color: 2 },
    ]);
  });

  test('beyond the distinct ones share a colour: the rare ones', () => {
    const codes = each((op) => (op < 2 * DISTINCT + 2 ? Math.min(op, DISTINCT) % (DISTINCT + 1) : DISTINCT));
    const lens = lensOf(
      'r.c',
      'c',
      category(codes, Array.from({ length: DISTINCT + 1 }, String)),
      HIERARCHY,
      null,
    );
    if (lens.kind !== 'category') throw new Error('a category');
    const colors = lens.categories.map(({ color }) => color);
    expect(colors.filter((color) => color === 1 + DISTINCT).length).toBe(1);
    expect(colors[DISTINCT]).not.toBe(1 + DISTINCT);
    expect(new Set(colors).size).toBe(DISTINCT + 1);
  });

  test('that are missing have the colour of what is not known', () => {
    expect(
      lensOf(
        'r.c',
        'c',
        category(
          each(() => -1),
          ['a'],
        ),
        HIERARCHY,
        null,
      ).color.every((c) => c === 0),
    ).toBe(true);
  });
});

describe('quantities', () => {
  test('rise through the palette, missing ones are not zero', () => {
    const lens = lensOf('r.q', 'q', quantity(each((op) => (op === 1 ? NaN : op))), HIERARCHY, false);
    expect(lens.color[1]).toBe(0);
    const known = lens.color.filter((_, op) => op !== 1);
    expect([...known]).toEqual([...known].sort((a, b) => a - b));
    expect(known[0]).toBe(1);
  });

  test('of nothing have no colour of a logarithmic scale', () => {
    const lens = lensOf('r.q', 'q', quantity(each((op) => op % 3)), HIERARCHY, true);
    expect(lens.color[0]).toBe(NOTHING);
    expect(lens.color[1]).toBe(1);
    expect(lensOf('r.q', 'q', quantity(each((op) => op % 3)), HIERARCHY, false).color[0]).toBe(1);
  });

  test('count what is folded into an operator, where amounts add up', () => {
    const model = modelOf({
      inputs: ['x'],
      outputs: ['y'],
      constants: { w16: [4, 4] },
      operators: ['w = DEQUANTIZE(w16)', 'y = CONV_2D(x, w)', 'z = ADD(y, x)'],
    });
    const hierarchy = buildHierarchy(model);
    const [weights, conv, add] = ['w', 'y', 'z'].map((name) => operatorOf(model, name));
    expect(hierarchy.host[weights]).toBe(conv);
    const column = quantity([32, 0, 0]);
    expect(lensOf('r.q', 'q', column, hierarchy, false).color[conv]).toBeGreaterThan(1);
    expect(lensOf('r.q', 'q', column, hierarchy, false).color[add]).toBe(1);
    const ratio = lensOf('r.q', 'q', { ...column, unit: '1' }, hierarchy, false);
    expect(ratio.color[conv]).toBe(1);
  });
});

describe('figures of groups', () => {
  const values = each((op) => (op % 7 === 0 ? NaN : op));
  const rollUp = new RollUp(quantity(values), HIERARCHY);

  test('are those of their operators', () => {
    for (const group of HIERARCHY.groups) {
      const inside = [...HIERARCHY.order.subarray(group.start, group.end)].map((op) => values[op]);
      const known = inside.filter((value) => !Number.isNaN(value));
      expect(rollUp.known(group)).toBe(known.length);
      const sum = known.reduce((a, b) => a + b, 0);
      if (known.length === 0) expect(rollUp.sum(group)).toBeNaN();
      else expect(rollUp.sum(group)).toBeCloseTo(sum);
      expect(rollUp.largest(group)?.value ?? NaN).toEqual(known.length === 0 ? NaN : Math.max(...known));
    }
  });

  test('share the whole model among its subgraphs', () => {
    const roots = HIERARCHY.groups.filter(({ parent }) => parent < 0);
    expect(roots.reduce((sum, root) => sum + rollUp.share(root), 0)).toBeCloseTo(1);
  });

  test('have no sum where adding makes no sense', () => {
    const all = { start: 0, end: N };
    expect(new RollUp(quantity(values, '%'), HIERARCHY).sum(all)).toBeNaN();
    expect(new RollUp(quantity(values, 'By', { additive: false }), HIERARCHY).sum(all)).toBeNaN();
    expect(new RollUp(quantity(values, '1', { additive: true }), HIERARCHY).sum(all)).toBeGreaterThan(0);
    expect(new RollUp(quantity(values, '%'), HIERARCHY).largest(all)!.value).toBe(
      Math.max(...values.filter((v) => !Number.isNaN(v))),
    );
  });

  test('have no share of nothing', () => {
    expect(new RollUp(quantity(each(() => 0)), HIERARCHY).share({ start: 0, end: N })).toBeNaN();
  });

  test('run through the group in the order of execution', () => {
    const all = { start: 0, end: N };
    const profile = rollUp.profile(all, 5);
    expect(profile.length).toBe(5);
    expect(Math.max(...profile)).toBe(rollUp.largest(all)!.value);
    expect(rollUp.profile({ start: 0, end: 3 }, 24).length).toBe(3);
    expect(rollUp.profile({ start: 2, end: 2 }, 24).length).toBe(0);
  });

  test('colours are counted', () => {
    const lens = familyLens(MODEL);
    const counts = countColors(lens.color, HIERARCHY, { start: 0, end: N });
    expect([...counts.values()].reduce((a, b) => a + b, 0)).toBe(N);
  });
});

type Triple = [number, number, number];

// Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
const VISION: Record<string, Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function apply(matrix: Triple[], color: Triple): Triple {
  return matrix.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, m, i) => sum + m * color[i], 0),
      ),
    ),
  ) as Triple;
}

function linear(color: string): Triple {
  const [h, s, l] = /^hsl\(([\d.]+) ([\d.]+)% ([\d.]+)%\)$/.exec(color)!.slice(1).map(Number);
  const chroma = (s / 100) * Math.min(l / 100, 1 - l / 100);
  return [0, 8, 4].map((n) => {
    const k = (n + h / 30) % 12;
    const c = l / 100 - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

/** The distance of two linear colours in CIELAB. */
function distance(a: Triple, b: Triple): number {
  const lab = ([r, g, bl]: Triple): Triple => {
    const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * bl) / 0.9505);
    const y = f(0.2126 * r + 0.7152 * g + 0.0722 * bl);
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * bl) / 1.089);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((value, i) => value - q[i]));
}
