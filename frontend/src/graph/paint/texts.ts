/** What closed boxes say: all texts of one font together, since changing fonts costs more than drawing them. */
import { LINE, PADDING } from '../boxes.ts';
import { CLOSED_GROUP } from '../scene.ts';
import { FADE, type Frame } from './frame.ts';
import { FONT, SMALL_TEXT } from './pen.ts';

const TITLE = '600 12px';
const SMALL = '11px';
const CHIP = '600 9px';
/** Room that a character of a figure takes, some more than it needs. */
const FIGURE_ADVANCE = 5.8;

export function paintTexts(frame: Frame, boxes: Int32Array, isFaded: boolean): void {
  const { pen, sight } = frame;
  pen.textBaseline = 'middle';
  pen.globalAlpha = isFaded ? FADE : 1;
  paintTitles(frame, boxes);
  if (sight.scale >= SMALL_TEXT) {
    paintChips(frame, boxes);
    paintLines(frame, boxes);
  }
  pen.globalAlpha = 1;
}

function firstLine({ drawing }: Frame, box: number): number {
  return drawing.scene.boxes.y[box] + PADDING / 2 + LINE / 2;
}

function chipWidth(chip: string): number {
  return chip === '' ? 0 : chip.length * 5.6 + 10;
}

function paintTitles(frame: Frame, boxes: Int32Array): void {
  const { pen, drawing, theme, fitter } = frame;
  const { x, width } = drawing.scene.boxes;
  pen.font = `${TITLE} ${FONT}`;
  pen.fillStyle = theme.text;
  for (const box of boxes) {
    const { title, chip } = drawing.text(box);
    if (title === '') continue;
    const room = width[box] - 2 * PADDING - chipWidth(chip);
    pen.fillText(fitter.fit(title, room, TITLE), x[box] + PADDING, firstLine(frame, box));
  }
}

function paintChips(frame: Frame, boxes: Int32Array): void {
  const { pen, drawing, theme } = frame;
  const { x, width } = drawing.scene.boxes;
  const withChip = boxes.filter((box) => drawing.text(box).chip !== '');
  if (withChip.length === 0) return;
  const right = (box: number): number => x[box] + width[box] - PADDING;
  pen.fillStyle = theme.dark ? 'rgba(255,255,255,0.12)' : 'rgba(20,30,50,0.09)';
  pen.beginPath();
  for (const box of withChip) {
    const room = chipWidth(drawing.text(box).chip) - 4;
    pen.roundRect(right(box) - room, firstLine(frame, box) - 6.5, room, 13, 6);
  }
  pen.fill();
  pen.font = `${CHIP} ${FONT}`;
  pen.fillStyle = theme.muted;
  pen.textAlign = 'center';
  for (const box of withChip) {
    const { chip } = drawing.text(box);
    pen.fillText(chip, right(box) - (chipWidth(chip) - 4) / 2, firstLine(frame, box) + 0.5);
  }
  pen.textAlign = 'left';
}

function paintLines(frame: Frame, boxes: Int32Array): void {
  const { pen, drawing, theme, fitter } = frame;
  const { kind, x, width } = drawing.scene.boxes;
  pen.font = `${SMALL} ${FONT}`;
  pen.fillStyle = theme.muted;
  for (const box of boxes) {
    const { title, lines } = drawing.text(box);
    const figure = kind[box] === CLOSED_GROUP ? drawing.paint.figure(box) : '';
    let y = firstLine(frame, box) + (title === '' ? 0 : LINE);
    if (figure !== '') {
      pen.textAlign = 'right';
      pen.fillText(figure, x[box] + width[box] - PADDING, y);
      pen.textAlign = 'left';
    }
    for (const [i, line] of lines.entries()) {
      const room = width[box] - 2 * PADDING - (i === 0 ? figure.length * FIGURE_ADVANCE : 0);
      pen.fillText(fitter.fit(line, room, SMALL), x[box] + PADDING, y);
      y += LINE;
    }
  }
}
