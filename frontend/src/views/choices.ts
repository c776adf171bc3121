/** A list of choices below a box that filters it: which one the keys are at, and what they do. */
import { useEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';

interface Wanted {
  /** Around the box and the list; the choice at which the keys are is the selected one in it. */
  element: RefObject<HTMLElement | null>;
  /** How many there are now. */
  count: () => number;
  choose: (place: number) => void;
  onClose: () => void;
}

export function useChoices({ element, count, choose, onClose }: Wanted): {
  active: Signal<number>;
  onKeyDown: (event: KeyboardEvent) => void;
} {
  const active = useSignal(0);
  useEffect(
    () => element.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }),
    [active.value, element],
  );
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = count();
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter') {
      event.preventDefault(); // or the button, which has the focus then, would be pressed by it
      if (all > 0) choose(active.value);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (all > 0) active.value = (active.value + (event.key === 'ArrowDown' ? 1 : -1) + all) % all;
    }
  };
  return { active, onKeyDown };
}
