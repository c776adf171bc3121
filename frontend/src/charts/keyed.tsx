/** A chart that handles its own keys. */
import type { HTMLAttributes, RefObject } from 'preact';

interface KeyedChartProps extends HTMLAttributes<HTMLDivElement> {
  element: RefObject<HTMLDivElement | null>;
  /** What is shown, and which keys do what. */
  label: string;
  /** Whether the key meant something here: all others are the page's. */
  onKey: (key: string) => boolean;
}

export function KeyedChart({ element, label, onKey, ...others }: KeyedChartProps) {
  return (
    // An application handles its own keys: https://www.w3.org/TR/wai-aria-1.2/#application
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      {...others}
      ref={element}
      role="application"
      aria-label={label}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={(event) => {
        if (!onKey(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
