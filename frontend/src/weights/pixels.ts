/** Numbers as colours around zero: blue below, orange above, the ground at zero; told apart with colour-vision deficiency. */

type Color = [red: number, green: number, blue: number];

const LIGHT: [low: Color, zero: Color, high: Color] = [
  [22, 72, 140],
  [250, 250, 251],
  [176, 66, 0],
];
const DARK: typeof LIGHT = [
  [112, 178, 255],
  [36, 43, 53],
  [255, 158, 66],
];
/** Of what is infinite or no number. */
const NOT_FINITE: Color = [214, 0, 170];
/** Small values are seen better than in proportion. */
const GAMMA = 0.7;

/** The largest distance from zero, of finite values. */
export function reach(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

export function colorOf(value: number, most: number, dark: boolean): Color {
  if (!Number.isFinite(value)) return NOT_FINITE;
  const [low, zero, high] = dark ? DARK : LIGHT;
  const end = value < 0 ? low : high;
  const t = most > 0 ? Math.min(Math.abs(value) / most, 1) ** GAMMA : 0;
  return [0, 1, 2].map((i) => Math.round(zero[i] + (end[i] - zero[i]) * t)) as Color;
}

export function cssOf(value: number, most: number, dark: boolean): string {
  return `rgb(${colorOf(value, most, dark).join(' ')})`;
}

/** Values as the four bytes of every pixel. */
export function pixels(
  values: ArrayLike<number>,
  most: number,
  dark: boolean,
): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = colorOf(values[i], most, dark);
    bytes[4 * i] = red;
    bytes[4 * i + 1] = green;
    bytes[4 * i + 2] = blue;
    bytes[4 * i + 3] = 255;
  }
  return bytes;
}

/** Where the pictures of a gallery stand, in cells with a gap of one between them. */
export interface Gallery {
  across: number;
  width: number;
  height: number;
}

/** As many pictures side by side as make the gallery about as wide as the proportion says. */
export function galleryOf(count: number, height: number, width: number, proportion: number): Gallery {
  const across = Math.min(
    count,
    Math.max(1, Math.round(Math.sqrt((count * (height + 1) * proportion) / (width + 1)))),
  );
  const down = Math.ceil(count / across);
  return { across, width: across * (width + 1) - 1, height: down * (height + 1) - 1 };
}

/** Where the value at a row and column of pictures that stand below each other comes to stand in the gallery. */
export function inGallery(
  gallery: Gallery,
  size: { height: number; width: number },
  row: number,
  column: number,
) {
  const picture = Math.floor(row / size.height);
  return {
    x: (picture % gallery.across) * (size.width + 1) + column,
    y: Math.floor(picture / gallery.across) * (size.height + 1) + (row % size.height),
  };
}
