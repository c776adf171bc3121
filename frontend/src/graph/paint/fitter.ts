/** Shortens texts to the room there is, and remembers how. */
import { FONT } from './pen.ts';

const MOST_REMEMBERED = 20_000;

export class Fitter {
  private readonly fitted = new Map<string, string>();
  private readonly widths = new Map<string, number>();

  constructor(private readonly context: { font: string; measureText: (text: string) => { width: number } }) {}

  /** The text, shortened to a width at the font's own size. */
  fit(text: string, width: number, font: string): string {
    const key = `${font}|${Math.floor(width)}|${text}`;
    let short = this.fitted.get(key);
    if (short === undefined) {
      if (this.fitted.size > MOST_REMEMBERED) this.fitted.clear();
      short = shorten(text, width, this.measure(font));
      this.fitted.set(key, short);
    }
    return short;
  }

  width(text: string, font: string): number {
    const key = `${font}|${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      if (this.widths.size > MOST_REMEMBERED) this.widths.clear();
      width = this.measure(font)(text);
      this.widths.set(key, width);
    }
    return width;
  }

  private measure(font: string): (text: string) => number {
    return (text) => {
      const before = this.context.font;
      this.context.font = `${font} ${FONT}`;
      const { width } = this.context.measureText(text);
      this.context.font = before;
      return width;
    };
  }
}

/** The longest start of a text that fits, with an ellipsis when it is not all. */
export function shorten(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${text.slice(0, middle)}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}
