/** A pen that writes an SVG file. It knows as much of a canvas as painting needs: absolute coordinates, no transforms. */
import type { Pen } from './pen.ts';

export class SvgPen implements Pen {
  fillStyle: Pen['fillStyle'] = '#000';
  strokeStyle: Pen['strokeStyle'] = '#000';
  lineWidth = 1;
  lineJoin: CanvasLineJoin = 'miter';
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign: CanvasTextAlign = 'left';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  private path: string[] = [];
  private readonly elements: string[] = [];
  private dashes: number[] = [];
  private x = 0;
  private y = 0;
  /** The path that was filled last, for a stroke of it to become one element with it. */
  private filled: { path: string[]; style: string; length: number } | null = null;

  beginPath(): void {
    this.path = [];
    this.filled = null;
  }

  moveTo(x: number, y: number): void {
    this.add(`M${short(x)} ${short(y)}`, x, y);
  }

  lineTo(x: number, y: number): void {
    this.add(`L${short(x)} ${short(y)}`, x, y);
  }

  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.add(`C${short(ax)} ${short(ay)} ${short(bx)} ${short(by)} ${short(x)} ${short(y)}`, x, y);
  }

  /** Only for corners between a horizontal and a vertical line, longer than the radius: all that lines have. */
  arcTo(ax: number, ay: number, bx: number, by: number, radius: number): void {
    const before = towards(ax, ay, this.x, this.y, radius);
    const after = towards(ax, ay, bx, by, radius);
    this.lineTo(...before);
    this.add(`Q${short(ax)} ${short(ay)} ${short(after[0])} ${short(after[1])}`, ...after);
  }

  /** Only whole circles. */
  arc(x: number, y: number, radius: number): void {
    const r = short(radius);
    this.add(
      `M${short(x + radius)} ${short(y)}A${r} ${r} 0 1 1 ${short(x - radius)} ${short(y)}` +
        `A${r} ${r} 0 1 1 ${short(x + radius)} ${short(y)}Z`,
      x + radius,
      y,
    );
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.add(`M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`, x, y);
  }

  roundRect(x: number, y: number, width: number, height: number, radius?: unknown): void {
    const r = Math.min(typeof radius === 'number' ? radius : 0, width / 2, height / 2);
    if (r === 0) {
      this.rect(x, y, width, height);
      return;
    }
    const [across, down] = [short(width - 2 * r), short(height - 2 * r)];
    const arc = (dx: number, dy: number): string =>
      `a${short(r)} ${short(r)} 0 0 1 ${short(dx)} ${short(dy)}`;
    this.add(
      `M${short(x + r)} ${short(y)}h${across}${arc(r, r)}v${down}${arc(-r, r)}h-${across}${arc(-r, -r)}v-${down}` +
        `${arc(r, -r)}Z`,
      x,
      y,
    );
  }

  fill(): void {
    if (this.path.length === 0) return;
    const style = `fill="${color(this.fillStyle)}"${this.alpha()}`;
    this.filled = { path: this.path, style, length: this.path.length };
    this.elements.push(`<path d="${this.path.join('')}" ${style}/>`);
  }

  stroke(): void {
    if (this.path.length === 0) return;
    const dashes = this.dashes.length === 0 ? '' : ` stroke-dasharray="${this.dashes.join(' ')}"`;
    const style =
      `stroke="${color(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}"` +
      `${this.lineJoin === 'round' ? ' stroke-linejoin="round"' : ''}${dashes}`;
    const { filled } = this;
    const isSame = filled !== null && filled.path === this.path && filled.length === this.path.length;
    if (isSame) this.elements.pop();
    const fill = isSame ? filled.style : `fill="none"${this.alpha()}`;
    this.elements.push(`<path d="${this.path.join('')}" ${fill} ${style}/>`);
    this.filled = null;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.filled = null;
    const size = `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
    this.elements.push(`<rect ${size} fill="${color(this.fillStyle)}"${this.alpha()}/>`);
  }

  fillText(text: string, x: number, y: number): void {
    this.filled = null;
    if (text === '') return;
    const parts: (string | undefined)[] = /^(?:(\d+) )?([\d.]+)px/.exec(this.font) ?? [];
    const [, weight, size] = parts;
    const anchor = ANCHORS[this.textAlign];
    // Viewers disagree on dominant-baseline, so the middle of the letters is put there by hand.
    const baseline = this.textBaseline === 'middle' ? y + 0.36 * Number(size) : y;
    const attributes = [
      `x="${short(x)}" y="${short(baseline)}" font-size="${short(Number(size))}"`,
      weight === undefined ? '' : ` font-weight="${weight}"`,
      anchor === undefined ? '' : ` text-anchor="${anchor}"`,
      ` fill="${color(this.fillStyle)}"${this.alpha()}`,
    ];
    this.elements.push(`<text ${attributes.join('')}>${escapeXml(text)}</text>`);
  }

  setLineDash(segments: Iterable<number>): void {
    this.dashes = [...segments];
  }

  /** The file: what was painted, on a ground, with a title for those who cannot see it. */
  document(title: string, width: number, height: number, background: string, font: string): string {
    const size = `width="${short(width)}" height="${short(height)}" viewBox="0 0 ${short(width)} ${short(height)}"`;
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${escapeXml(font)}" xml:space="preserve">`,
      `<title>${escapeXml(title)}</title>`,
      `<rect width="100%" height="100%" fill="${color(background)}"/>`,
      ...this.elements,
      '</svg>',
      '',
    ].join('\n');
  }

  private add(command: string, x: number, y: number): void {
    this.path.push(command);
    this.x = x;
    this.y = y;
  }

  private alpha(): string {
    return this.globalAlpha === 1 ? '' : ` opacity="${short(this.globalAlpha)}"`;
  }
}

const ANCHORS: Partial<Record<CanvasTextAlign, string>> = { center: 'middle', right: 'end' };

/** A hundredth of a unit is finer than any screen shows. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function towards(x: number, y: number, toX: number, toY: number, distance: number): [number, number] {
  const length = Math.hypot(toX - x, toY - y) || 1;
  return [x + ((toX - x) / length) * distance, y + ((toY - y) / length) * distance];
}

function color(style: Pen['fillStyle']): string {
  if (typeof style !== 'string') throw new Error('an SVG file of the graph has plain colours only');
  return escapeXml(style);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an XML file. What XML 1.0 forbids (section 2.2: most control characters, lone surrogates) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
