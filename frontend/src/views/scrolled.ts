import { useLayoutEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import type { RefObject, TargetedEvent } from 'preact';

/** The part of a long list that is in sight. */
interface Scrolled {
  top: number;
  height: number;
}

/** @param height until the element was measured */
export function useScrolled(
  element: RefObject<HTMLElement | null>,
  height: number,
): { view: Signal<Scrolled>; onScroll: (event: TargetedEvent<HTMLElement>) => void } {
  const view = useSignal<Scrolled>({ top: 0, height });
  useLayoutEffect(() => {
    const list = element.current;
    if (list === null) return undefined;
    view.value = inSight(list);
    const resizes = new ResizeObserver(() => (view.value = inSight(list)));
    resizes.observe(list);
    return () => resizes.disconnect();
  }, [element, view]);
  return { view, onScroll: (event) => (view.value = inSight(event.currentTarget)) };
}

function inSight({ scrollTop: top, clientHeight: height }: HTMLElement): Scrolled {
  return { top, height };
}
