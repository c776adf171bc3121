import type { Swatch as Colors } from '../lib/palette.ts';

/** A colour of the graph beside what it stands for. */
export function Swatch({ swatch }: { swatch: Colors }) {
  const { strong, hatched } = swatch;
  const background =
    hatched === true ? `repeating-linear-gradient(135deg, ${strong} 0 1.5px, transparent 1.5px 4px)` : strong;
  return <span class="dot" style={{ background }} aria-hidden="true" />;
}
