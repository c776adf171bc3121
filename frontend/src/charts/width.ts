import { useEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';

/** The width of an element in pixels, as it changes; charts are drawn to it, so that their texts keep their size. */
export function useWidth(element: RefObject<HTMLElement | null>, atFirst: number): Signal<number> {
  const width = useSignal(atFirst);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      // 0 while the tab is hidden: nothing is drawn for that.
      if (entry.contentRect.width > 0) width.value = Math.round(entry.contentRect.width);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, width]);
  return width;
}
