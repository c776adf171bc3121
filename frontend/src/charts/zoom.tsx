/** A chart whose axis one zooms with the wheel and keys, and drags. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { fitted, keyed, panned, wheeled, zoomed, type Window } from './window.ts';

/** How far the pointer goes before it drags: a hand moves a little in a click. */
const CLICK = 3;

export interface Zoom {
  window: Window;
  /** By how much of what is seen. */
  pan: (share: number) => void;
  zoom: (factor: number) => void;
  fit: () => void;
  /** Whether the key was one that zooms. @param at the place on the axis that is looked at, the middle of what is seen if none */
  key: (key: string, at?: number) => boolean;
  /** Whether the pointer was moved since it was pressed: a click then means nothing. */
  wasDragged: () => boolean;
  /** Whether the pointer drags the axis. */
  drag: (event: PointerEvent) => boolean;
  /** For the element that the chart is in. */
  handlers: {
    onWheel: (event: WheelEvent) => void;
    onPointerDown: (event: PointerEvent) => void;
    onPointerUp: () => void;
  };
}

/**
 * @param length of the axis, in its own unit
 * @param left pixels from the left edge of the element to where the axis begins
 * @param inner pixels that the axis is long
 */
export function useZoom(length: number, left: number, inner: number): Zoom {
  const shown = useSignal<Window>(fitted(length));
  const pressed = useRef<{ x: number; window: Window } | null>(null);
  const hasMoved = useRef(false);
  return {
    window: shown.value,
    pan: (share) => (shown.value = panned(shown.value, share, length)),
    zoom: (factor) => (shown.value = zoomed(shown.value, factor, 0.5, length)),
    fit: () => (shown.value = fitted(length)),
    key: (key, at) => {
      const { from, to } = shown.value;
      const share = at === undefined ? 0.5 : Math.min(Math.max((at - from) / (to - from), 0), 1);
      const window = keyed(shown.value, key, share, length);
      if (window !== null) shown.value = window;
      return window !== null;
    },
    wasDragged: () => hasMoved.current,
    drag: (event) => {
      if (pressed.current === null || event.buttons === 0) return false;
      const pixels = pressed.current.x - event.clientX;
      if (Math.abs(pixels) > CLICK) hasMoved.current = true;
      shown.value = panned(pressed.current.window, pixels / inner, length);
      return true;
    },
    handlers: {
      onWheel: (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
        shown.value = wheeled(shown.value, event.deltaY, (event.clientX - box.left - left) / inner, length);
      },
      onPointerDown: (event) => {
        hasMoved.current = false;
        pressed.current = { x: event.clientX, window: shown.value };
      },
      onPointerUp: () => (pressed.current = null),
    },
  };
}

/** @param whole what there is to be seen at most, for the title */
export function ZoomButtons({ zoom, fit, whole }: Pick<Zoom, 'zoom' | 'fit'> & { whole: string }) {
  return (
    <>
      <button
        type="button"
        class="plain"
        title="Zoom out (−)"
        aria-label="Zoom out"
        onClick={() => zoom(0.5)}
      >
        −
      </button>
      <button type="button" class="plain" title="Zoom in (+)" aria-label="Zoom in" onClick={() => zoom(2)}>
        +
      </button>
      <button type="button" class="plain" title={`${whole} (0)`} onClick={fit}>
        Fit
      </button>
    </>
  );
}
