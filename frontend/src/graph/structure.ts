/** Splits a long level into blocks that repeat, and what remains into runs cut where few tensors cross. */

/** A child as it was, or a group of pieces. */
export type Piece = number | Part;

export interface Part {
  kind: 'block' | 'range';
  pieces: Piece[];
  instance: number;
  instances: number;
}

/** More boxes than this on one level are split. */
export const MAX_LEVEL = 40;
const RUN_LENGTH = 16;
const MAX_RUNS = 24;
/** Share of a level that must repeat before blocks are made of it. */
const WORTHWHILE = 0.4;

type Widths = (children: number[]) => Int32Array;

/**
 * @param children the level in execution order
 * @param symbolOf equal numbers for equal children
 * @param typeOf equal numbers for children of one type, tried where shapes differ from block to block
 * @param widthsOf tensors that cross the place before each child, and after the last
 */
export function partition(
  children: number[],
  symbolOf: (child: number) => number,
  typeOf: (child: number) => number,
  widthsOf: Widths,
): Piece[] {
  if (children.length <= MAX_LEVEL) return children;
  const widths = widthsOf(children);
  const level = withBlocks(children, [children.map(symbolOf), children.map(typeOf)], widths);
  for (const piece of level)
    if (typeof piece !== 'number')
      piece.pieces = partition(piece.pieces as number[], symbolOf, typeOf, widthsOf);
  return level.length <= MAX_LEVEL ? level : runs(level, costsBetween(level, widths));
}

/**
 * The level with repetitions as blocks: those of the period that explains most, then in what remains, as the encoder and
 * the decoder of a model repeat in their own ways.
 */
function withBlocks(children: number[], alphabets: number[][], widths: Int32Array): Piece[] {
  const pieces: Piece[] = [];
  const pending: Stretch[] = [{ start: 0, end: children.length, period: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { start, end, period } = next;
    if (period > 0) {
      const instances = (end - start) / period;
      for (let i = 0; i < instances; i++) {
        const from = start + i * period;
        pieces.push({
          kind: 'block',
          pieces: children.slice(from, from + period),
          instance: i + 1,
          instances,
        });
      }
      continue;
    }
    const parts = repetitions(start, end, alphabets, widths);
    if (parts.length === 0) for (let i = start; i < end; i++) pieces.push(children[i]);
    for (const part of parts.reverse()) pending.push(part);
  }
  return pieces;
}

/** From one place of a level to another, by how many children it repeats there; 0 where that is not known. */
interface Stretch {
  start: number;
  end: number;
  period: number;
}

/** Splits a stretch into repetitions and what is between them; nothing where too little repeats. */
function repetitions(start: number, end: number, alphabets: number[][], widths: Int32Array): Stretch[] {
  const parts: Stretch[] = [];
  if (end - start <= RUN_LENGTH) return parts;
  for (const alphabet of alphabets) {
    const symbols = alphabet.slice(start, end);
    const period = bestPeriod(symbols);
    if (period === 0) continue;
    let at = start;
    for (const repeat of repeats(symbols, period)) {
      const { first, count } = phase(start + repeat.start, start + repeat.end, period, widths);
      if (first < at || count < 2) continue;
      if (first > at) parts.push({ start: at, end: first, period: 0 });
      at = first + count * period;
      parts.push({ start: first, end: at, period });
    }
    if (parts.length === 0) continue;
    if (at < end) parts.push({ start: at, end, period: 0 });
    break;
  }
  return parts;
}

/** The period that explains most of the sequence, the shortest of equals; 0 when none explains enough. */
function bestPeriod(symbols: number[]): number {
  const last = new Map<number, number>();
  const seen = new Map<number, number>();
  for (const [i, symbol] of symbols.entries()) {
    const distance = i - (last.get(symbol) ?? i);
    if (distance > 1) seen.set(distance, (seen.get(distance) ?? 0) + 1);
    last.set(symbol, i);
  }
  const candidates = [...seen].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 12);
  let best = 0;
  let most = WORTHWHILE * symbols.length;
  for (const [period] of candidates) {
    let covered = 0;
    for (const { start, end } of repeats(symbols, period))
      covered += Math.floor((end - start) / period) * period;
    if (covered > most || (covered === most && period < best)) {
      best = period;
      most = covered;
    }
  }
  return best;
}

/** Stretches in which every symbol equals the one a period before, at least two periods long. */
function* repeats(symbols: number[], period: number): Generator<{ start: number; end: number }> {
  let start = 0;
  for (let i = period; i <= symbols.length; i++) {
    if (i < symbols.length && symbols[i] === symbols[i - period]) continue;
    if (i - start >= 2 * period) yield { start, end: i };
    start = i - period + 1;
  }
}

/** Where to cut a periodic stretch: any place would do by the symbols, the one that fewest tensors cross does best. */
function phase(
  start: number,
  end: number,
  period: number,
  widths: Int32Array,
): { first: number; count: number } {
  let first = start;
  let least = Infinity;
  for (let shift = 0; shift < period && start + shift + 2 * period <= end; shift++) {
    const count = Math.floor((end - start - shift) / period);
    const cost = widths[start + shift] + (count < Math.floor((end - start) / period) ? 0.5 : 0);
    if (cost < least) {
      least = cost;
      first = start + shift;
    }
  }
  return { first, count: Math.floor((end - first) / period) };
}

/** What it costs to cut before each piece and after the last: the width there, and a little more between repetitions. */
function costsBetween(level: Piece[], widths: Int32Array): Float64Array {
  const costs = new Float64Array(level.length + 1);
  let at = 0;
  for (const [i, piece] of level.entries()) {
    costs[i] = widths[at] + (typeof piece !== 'number' && piece.instance > 1 ? 0.5 : 0);
    at += lengthOf(piece);
  }
  costs[level.length] = widths[at];
  return costs;
}

function lengthOf(piece: Piece): number {
  let length = 0;
  const pending = [piece];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'number') length++;
    else for (const inner of next.pieces) pending.push(inner);
  }
  return length;
}

/** Runs of about equal length, each cut near its due place where fewest tensors cross; runs of runs where need be. */
function runs(level: Piece[], costs: Float64Array): Piece[] {
  const count = Math.min(MAX_RUNS, Math.ceil(level.length / RUN_LENGTH));
  // Whole numbers: runs of equal blocks are equal then, all but the last.
  const even = Math.ceil(level.length / count);
  const pieces: Piece[] = [];
  let from = 0;
  for (let run = 1; run <= count; run++) {
    const due = Math.min(run * even, level.length);
    const to =
      run === count ? level.length : cheapest(costs, Math.max(from + 1, due - even / 3), due + even / 3, due);
    const inside = level.slice(from, to);
    if (inside.length === 1) pieces.push(inside[0]);
    else if (inside.length > 1) {
      const split = inside.length <= MAX_LEVEL ? inside : runs(inside, costs.subarray(from, to + 1));
      pieces.push({ kind: 'range', pieces: split, instance: 0, instances: 1 });
    }
    from = to;
  }
  return pieces;
}

function cheapest(costs: Float64Array, low: number, high: number, due: number): number {
  let best = Math.max(due, Math.ceil(low));
  for (let at = Math.ceil(low); at <= Math.min(Math.floor(high), costs.length - 1); at++) {
    const closer = Math.abs(at - due) < Math.abs(best - due);
    if (costs[at] < costs[best] || (costs[at] === costs[best] && closer)) best = at;
  }
  return best;
}
