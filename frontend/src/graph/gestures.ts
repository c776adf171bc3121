/** Mouse, trackpad, touch and pen on the canvas, as pans, zooms, clicks and hovers. */

export interface GestureHandlers {
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, x: number, y: number) => void;
  hover: (x: number, y: number) => void;
  leave: () => void;
  click: (x: number, y: number, extend: boolean) => void;
  doubleClick: (x: number, y: number) => void;
}

const CLICK_REACH = 4;
const SAME_GESTURE_MS = 250;

export function attachGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  const abort = new AbortController();
  const { signal } = abort;
  let start: { x: number; y: number } | null = null;
  let dragged = false;
  const wheel = new WheelKind();

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const unit = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : element.clientHeight;
      if (event.ctrlKey || event.metaKey || wheel.isMouse(event)) {
        const strength = event.ctrlKey ? 0.01 : 0.0016;
        handlers.zoom(Math.exp(-event.deltaY * unit * strength), x, y);
      } else handlers.pan(event.deltaX * unit, event.deltaY * unit);
    },
    { passive: false, signal },
  );
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 1) return;
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, place(event));
      start = place(event);
      dragged = pointers.size > 1;
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      const now = place(event);
      const before = pointers.get(event.pointerId);
      if (before === undefined) {
        handlers.hover(now.x, now.y);
        return;
      }
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (other !== undefined) {
        const factor = distance(now, other) / Math.max(1, distance(before, other));
        handlers.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
        handlers.pan((before.x - now.x) / 2, (before.y - now.y) / 2);
      } else if (dragged || (start !== null && distance(start, now) > CLICK_REACH)) {
        dragged = true;
        handlers.pan(before.x - now.x, before.y - now.y);
      }
    },
    { signal },
  );
  const release = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (!dragged && event.type === 'pointerup') {
      const { x, y } = place(event);
      handlers.click(x, y, event.shiftKey || event.ctrlKey || event.metaKey);
    }
  };
  element.addEventListener('pointerup', release, { signal });
  element.addEventListener('pointercancel', release, { signal });
  element.addEventListener('pointerleave', () => handlers.leave(), { signal });
  element.addEventListener('dblclick', (event) => handlers.doubleClick(place(event).x, place(event).y), {
    signal,
  });
  return () => abort.abort();
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * A wheel zooms, two fingers on a trackpad pan. Browsers do not say which it is, but a wheel starts with a full notch and
 * never moves sideways, and fingers start slowly; what started as one stays it until there is a pause.
 */
export class WheelKind {
  private last = -Infinity;
  private mouse = false;

  isMouse(event: { deltaX: number; deltaY: number; deltaMode: number; timeStamp: number }): boolean {
    if (event.timeStamp - this.last > SAME_GESTURE_MS)
      this.mouse = event.deltaX === 0 && (event.deltaMode !== 0 || Math.abs(event.deltaY) >= 50);
    this.last = event.timeStamp;
    return this.mouse;
  }
}
