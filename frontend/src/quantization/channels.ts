/** Places of channels in a chart. No DOM in here. */
import type { TensorChannels } from '../host/source.ts';

export interface Dot {
  channel: number;
  value: number;
  mark: 'plain' | 'outlier' | 'zero';
}

/**
 * A dot for every channel whose figure can be drawn, and the ends of the axis, a little beyond the dots. Channels of nothing
 * but zero have any scale, usually a tiny one, which would take the room of all others: they stand at the lower end.
 */
export function channelDots(
  found: TensorChannels,
  figure: 'scale' | 'bits',
): { dots: Dot[]; low: number; high: number } {
  const values = found[figure].map(Number);
  const isDrawn = (value: number): boolean => Number.isFinite(value) && (figure === 'bits' || value > 0);
  const used = values.filter((value, channel) => isDrawn(value) && !found.zero[channel]);
  const least = used.reduce((a, b) => Math.min(a, b), Infinity);
  const most = used.reduce((a, b) => Math.max(a, b), -Infinity);
  const [low, high] =
    used.length === 0 ? [1, 2] : figure === 'bits' ? [0, Math.max(most, 1)] : [least / 1.2, most * 1.2];
  const dots: Dot[] = [];
  for (const [channel, value] of values.entries()) {
    if (found.zero[channel]) dots.push({ channel, value: low, mark: 'zero' });
    else if (isDrawn(value))
      dots.push({ channel, value, mark: found.outlier[channel] ? 'outlier' : 'plain' });
  }
  return { dots, low, high };
}
