import { useLayoutEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';

/** The part of a long list that is in sight. */
export interface Scrolled {
  top: number;
  height: number;
}

/** @param height until the element was measured */
export function useScrolled(
  element: RefObject<HTMLElement | null>,
  height: number,
): { view: Signal<Scrolled>; onScroll: () => void } {
  const view = useSignal<Scrolled>({ top: 0, height });
  const measure = (): void => {
    if (element.current !== null)
      view.value = { top: element.current.scrollTop, height: element.current.clientHeight };
  };
  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    measure();
    const resizes = new ResizeObserver(measure);
    resizes.observe(element.current);
    return () => resizes.disconnect();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what it measures stays the same
  }, [view]);
  return { view, onScroll: measure };
}
