import { describe, expect, test } from 'vitest';
import { DARK, LIGHT, type Theme } from './palette.ts';

/** Red, green and blue from 0 to 1 of `#rrggbb` or `hsl(h s% l%)`. */
function rgb(color: string): [number, number, number] {
  const hex = /^#(..)(..)(..)$/.exec(color);
  if (hex !== null) return [1, 2, 3].map((i) => parseInt(hex[i], 16) / 255) as [number, number, number];
  const [, h, s, l] = /^hsl\(([\d.]+) ([\d.]+)% ([\d.]+)%\)$/.exec(color)!.map(Number);
  const chroma = (s / 100) * Math.min(l / 100, 1 - l / 100);
  return [0, 8, 4].map((n) => {
    const k = (n + h / 30) % 12;
    return l / 100 - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  }) as [number, number, number];
}

/** The contrast of two colours as WCAG defines it. */
function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [red, green, blue] = rgb(color).map((c) =>
      c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each<[string, Theme]>([
  ['light', LIGHT],
  ['dark', DARK],
])('%s', (_, theme) => {
  test('text can be read on everything that it stands on', () => {
    const grounds = [
      theme.background,
      theme.surface,
      ...theme.group,
      ...Object.values(theme.families).map(({ tint }) => tint),
    ];
    for (const ground of grounds) {
      expect(contrast(theme.text, ground)).toBeGreaterThan(7);
      expect(contrast(theme.muted, ground)).toBeGreaterThan(4.5);
    }
  });

  test('boxes of a family stand out from what is around them', () => {
    for (const { strong } of Object.values(theme.families))
      expect(contrast(strong, theme.background)).toBeGreaterThan(2);
    expect(contrast(theme.line, theme.background)).toBeGreaterThan(2.5);
    expect(contrast(theme.accent, theme.background)).toBeGreaterThan(3);
  });

  test('every family has a colour of its own', () => {
    const colors = Object.values(theme.families).map(({ strong }) => strong);
    expect(new Set(colors).size).toBe(colors.length);
  });
});
