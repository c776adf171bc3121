/** The ends of cut edges: a stick, a dot that can be clicked, and what is at the other end. */
import { STUB_LENGTH } from '../drawing.ts';
import { FADED } from './flags.ts';
import { FADE, type Frame } from './frame.ts';
import { FONT, SMALL_TEXT, TEXT } from './pen.ts';

const FONT_SIZE = '10px';
/** Room for a label beside its dot. */
export const STUB_LABEL = 120;
/** How far a label reaches from its stub. */
const REACH = 200;

export function paintStubs(frame: Frame): void {
  const { pen, theme, sight, fitter, drawing } = frame;
  if (sight.scale < TEXT) return;
  const { stubs } = drawing.scene;
  pen.strokeStyle = theme.accent;
  pen.lineWidth = 1.2;
  pen.font = `${FONT_SIZE} ${FONT}`;
  pen.textBaseline = 'middle';
  for (const faded of [0, FADED]) {
    const some = stubsInSight(frame, faded);
    if (some.length === 0) continue;
    pen.globalAlpha = faded === 0 ? 1 : FADE;
    const foot = (stub: number, part: number): number =>
      stubs.y[stub] + (stubs.arrives[stub] === 1 ? -1 : 1) * STUB_LENGTH * part;
    pen.beginPath();
    for (const stub of some) {
      pen.moveTo(stubs.x[stub], stubs.y[stub]);
      pen.lineTo(stubs.x[stub], foot(stub, 0.6));
    }
    pen.stroke();
    pen.fillStyle = theme.accent;
    pen.beginPath();
    for (const stub of some) {
      pen.moveTo(stubs.x[stub] + 2.6, foot(stub, 0.75));
      pen.arc(stubs.x[stub], foot(stub, 0.75), 2.6, 0, 2 * Math.PI);
    }
    pen.fill();
    if (sight.scale < SMALL_TEXT) continue;
    pen.fillStyle = theme.muted;
    for (const stub of some)
      pen.fillText(
        fitter.fit(drawing.stubText(stub), STUB_LABEL, FONT_SIZE),
        stubs.x[stub] + 6,
        foot(stub, 0.75),
      );
  }
  pen.globalAlpha = 1;
}

function stubsInSight({ drawing, sight, flags }: Frame, faded: number): number[] {
  const { box, x, y } = drawing.scene.stubs;
  const found: number[] = [];
  for (let i = 0; i < box.length; i++)
    if (
      x[i] >= sight.left - REACH &&
      x[i] <= sight.right &&
      y[i] >= sight.top - STUB_LENGTH &&
      y[i] <= sight.bottom + STUB_LENGTH &&
      (flags.boxes[box[i]] & FADED) === faded
    )
      found.push(i);
  return found;
}
