/** Colours with a meaning: one per operator family, in a light and a dark tuning, told apart with colour-vision deficiency. */

/** A colour with a meaning: in full, and as a tint that text stands on. */
export interface Swatch {
  strong: string;
  tint: string;
  /** Stands for what is not known; drawn hatched, so that it looks like no value. */
  hatched?: boolean;
}

export interface Theme {
  dark: boolean;
  background: string;
  surface: string;
  group: [string, string];
  border: string;
  text: string;
  muted: string;
  line: string;
  accent: string;
  accentSoft: string;
  match: string;
  families: Record<string, Swatch>;
}

// Hue and lightness both differ between families that often stand side by side.
const HUES: Record<string, [hue: number, chroma: number, light: number]> = {
  convolution: [215, 70, 48],
  matmul: [265, 55, 55],
  elementwise: [165, 65, 36],
  activation: [38, 90, 48],
  normalization: [22, 45, 42],
  pooling: [190, 75, 42],
  data: [220, 10, 52],
  quantize: [325, 60, 52],
  control: [2, 70, 50],
  recurrent: [100, 45, 36],
  state: [60, 60, 34],
  custom: [290, 12, 30],
};

export function familyColors(dark: boolean): Theme['families'] {
  return Object.fromEntries(
    Object.entries(HUES).map(([name, [hue, chroma, light]]) => [
      name,
      dark
        ? {
            strong: `hsl(${hue} ${chroma * 0.85}% ${Math.min(72, light + 16)}%)`,
            tint: `hsl(${hue} ${chroma * 0.45}% 19%)`,
          }
        : { strong: `hsl(${hue} ${chroma}% ${light}%)`, tint: `hsl(${hue} ${chroma}% 94%)` },
    ]),
  );
}

export const LIGHT: Theme = {
  dark: false,
  background: '#f7f8fa',
  surface: '#ffffff',
  group: ['#eef1f5', '#f7f8fa'],
  border: '#c9d0da',
  text: '#1b2430',
  muted: '#5c6878',
  line: '#8b97a8',
  accent: '#c2410c',
  accentSoft: 'rgba(234, 88, 12, 0.16)',
  match: '#b45309',
  families: familyColors(false),
};

export const DARK: Theme = {
  dark: true,
  background: '#14181e',
  surface: '#1d232c',
  group: ['#1a2029', '#151a21'],
  border: '#3a4554',
  text: '#e4e9f0',
  muted: '#9aa7b8',
  line: '#66748a',
  accent: '#fb923c',
  accentSoft: 'rgba(251, 146, 60, 0.2)',
  match: '#fbbf24',
  families: familyColors(true),
};
