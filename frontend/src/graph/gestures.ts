/** Mouse, trackpad, touch and pen on the canvas, as pans, zooms, clicks, rubber bands and hovers. */

export interface Point {
  x: number;
  y: number;
}

export interface GestureHandlers {
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, x: number, y: number) => void;
  hover: (x: number, y: number) => void;
  leave: () => void;
  click: (x: number, y: number, extend: boolean) => void;
  doubleClick: (x: number, y: number) => void;
  /** A rubber band is drawn from one point to the other. */
  band: (from: Point, to: Point) => void;
  /** It was let go, or given up. */
  bandEnd: (isWanted: boolean) => void;
}

const CLICK_REACH = 4;
/** A finger is not as steady as a mouse. */
const TAP_REACH = 10;
const SAME_GESTURE_MS = 250;
/** How strongly a wheel zooms by a unit; pinches on a trackpad come in smaller units. */
const WHEEL = 0.0016;
const PINCH = 0.01;

export function attachGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const place = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const wheel = new WheelKind();
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const unit = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : element.clientHeight;
      if (event.ctrlKey || event.metaKey || wheel.isMouse(event))
        handlers.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? PINCH : WHEEL)), x, y);
      else handlers.pan(event.deltaX * unit, event.deltaY * unit);
    },
    { passive: false, signal },
  );
  const pointers = new Pointers(handlers);
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 1) return;
      element.setPointerCapture(event.pointerId);
      pointers.down(event, place(event));
    },
    { signal },
  );
  element.addEventListener('pointermove', (event) => pointers.move(event, place(event)), { signal });
  element.addEventListener('pointerup', (event) => pointers.up(event, place(event)), { signal });
  element.addEventListener('pointercancel', (event) => pointers.cancel(event), { signal });
  element.addEventListener('pointerleave', () => handlers.leave(), { signal });
  element.addEventListener('dblclick', (event) => handlers.doubleClick(place(event).x, place(event).y), {
    signal,
  });
  return () => abort.abort();
}

type PointerInfo = Pick<
  PointerEvent,
  'pointerId' | 'pointerType' | 'button' | 'shiftKey' | 'ctrlKey' | 'metaKey'
>;

/** What the pointers that are down do: one pans or draws a band, two zoom. */
export class Pointers {
  private readonly places = new Map<number, Point>();
  private start: Point = { x: 0, y: 0 };
  private does: 'click' | 'pan' | 'band' = 'click';
  private wantsBand = false;

  constructor(private readonly handlers: GestureHandlers) {}

  down(event: PointerInfo, at: Point): void {
    this.places.set(event.pointerId, at);
    if (this.places.size > 1) {
      if (this.does === 'band') this.handlers.bandEnd(false);
      this.does = 'pan';
      return;
    }
    this.start = at;
    this.does = 'click';
    this.wantsBand = event.shiftKey && event.button === 0;
  }

  move(event: PointerInfo, now: Point): void {
    const before = this.places.get(event.pointerId);
    if (before === undefined) {
      this.handlers.hover(now.x, now.y);
      return;
    }
    const other = [...this.places].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined && this.does === 'click') {
      if (distance(this.start, now) <= (event.pointerType === 'touch' ? TAP_REACH : CLICK_REACH)) return;
      this.does = this.wantsBand ? 'band' : 'pan';
    }
    this.places.set(event.pointerId, now);
    if (other !== undefined) {
      // In this order, what is under the fingers stays under them.
      this.handlers.pan((before.x - now.x) / 2, (before.y - now.y) / 2);
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      this.handlers.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (this.does === 'band') this.handlers.band(this.start, now);
    else this.handlers.pan(before.x - now.x, before.y - now.y);
  }

  up(event: PointerInfo, at: Point): void {
    if (!this.places.delete(event.pointerId) || this.places.size > 0) return;
    if (this.does === 'band') this.handlers.bandEnd(true);
    else if (this.does === 'click')
      this.handlers.click(at.x, at.y, event.shiftKey || event.ctrlKey || event.metaKey);
  }

  cancel(event: PointerInfo): void {
    if (this.places.delete(event.pointerId) && this.does === 'band') this.handlers.bandEnd(false);
  }
}

function distance(a: Point, b: Point): number {
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
