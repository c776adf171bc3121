/** What the pictures of one operator have in common. */
import { LabelsBelow, ValueAxis } from '../charts/axes.tsx';
import { formatNumber } from '../lib/format.ts';
import type { Closeup, Kind } from '../wire/closeups.ts';

export const KINDS: Record<Kind, { name: string; explain: string }> = {
  whole: { name: 'from the inputs on', explain: 'Both models went their own way from the inputs on' },
  local: { name: 'by itself', explain: 'The operator alone, on the reference’s values' },
};

export interface CloseupProps {
  operator: number;
  kind: Kind;
  found: Closeup;
}

/** A value in words, without the digits that a sum of floats has too many of. */
export function realText(value: number): string {
  return formatNumber(Number(value.toPrecision(4)));
}

/** Places in a picture, in pixels. */
export const FRAME = { height: 240, left: 64, right: 10, top: 10, bottom: 34 };

interface CloseupAxesProps {
  width: number;
  ticks: readonly number[];
  y: (value: number) => number;
  /** Of the values upwards. */
  unit?: string;
  across: readonly number[];
  x: (value: number) => number;
  /** What goes across. */
  name: string;
}

export function CloseupAxes({ width, ticks, y, unit = '', across, x, name }: CloseupAxesProps) {
  const { height, left, right, bottom } = FRAME;
  return (
    <>
      <ValueAxis
        ticks={ticks}
        y={y}
        left={left}
        right={width - right}
        text={(value) => `${realText(value)}${unit}`}
      />
      <LabelsBelow ticks={across} x={x} y={height - bottom + 15} text={realText} />
      <text x={(left + width - right) / 2} y={height - 3} text-anchor="middle">
        {name}
      </text>
    </>
  );
}
