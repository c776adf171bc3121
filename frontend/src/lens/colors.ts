/** Colours of categories that have none of their own. */
import type { Swatch, Theme } from '../lib/palette.ts';

// Found by search: of hues, chromas and lightnesses those ten whose least distance is greatest, over light and dark ground and
// over normal vision, protanopia, deuteranopia and tritanopia (simulated after Machado, Oliveira, Fernandes 2009).
const HUES: [hue: number, chroma: number, light: number][] = [
  [230, 85, 52],
  [30, 85, 32],
  [200, 85, 56],
  [320, 45, 32],
  [140, 85, 36],
  [350, 45, 48],
  [240, 85, 32],
  [60, 85, 36],
  [0, 65, 32],
  [280, 65, 32],
];

/** As many categories have a colour of their own; the rest share one. */
export const DISTINCT = HUES.length;

export function categoryColors(dark: boolean): Swatch[] {
  return HUES.map(([hue, chroma, light]) =>
    dark
      ? {
          strong: `hsl(${hue} ${chroma * 0.85}% ${Math.min(84, light * 0.9 + 34)}%)`,
          tint: `hsl(${hue} ${chroma * 0.45}% 19%)`,
        }
      : { strong: `hsl(${hue} ${chroma}% ${light}%)`, tint: `hsl(${hue} ${chroma}% 94%)` },
  );
}

/** What many categories share, and flags that are not set. */
export function neutral(theme: Theme): Swatch {
  return { strong: theme.line, tint: theme.dark ? '#262e39' : '#eef1f5' };
}

/** What is not known. */
export function unknown(theme: Theme): Swatch {
  return { strong: theme.line, tint: theme.surface, hatched: true };
}
