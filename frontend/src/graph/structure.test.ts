import { describe, expect, test } from 'vitest';
import { MAX_LEVEL, partition, type Piece } from './structure.ts';

/** Partitions a sequence of letters; `widths` is 1 everywhere unless given. */
function split(symbols: string[], types = symbols, widths?: number[]): Piece[] {
  const numbered = (words: string[]) => (child: number) => words.indexOf(words[child]);
  const children = symbols.map((_, i) => i);
  return partition(children, numbered(symbols), numbered(types), (part) =>
    Int32Array.from({ length: part.length + 1 }, (_, i) => widths?.[part[0] + i] ?? 1),
  );
}

function leaves(pieces: Piece[]): number[] {
  return pieces.flatMap((piece) => (typeof piece === 'number' ? [piece] : leaves(piece.pieces)));
}

/** `3 x5 3` for three children, five blocks, three children. */
function shape(pieces: Piece[]): string {
  const kinds = pieces.map((piece) => (typeof piece === 'number' ? 'child' : piece.kind));
  const parts: string[] = [];
  for (let i = 0; i < kinds.length;) {
    let end = i;
    while (end < kinds.length && kinds[end] === kinds[i]) end++;
    parts.push(`${{ child: '', block: 'x', range: '~' }[kinds[i]]}${end - i}`);
    i = end;
  }
  return parts.join(' ');
}

const repeat = <T>(items: T[], times: number): T[] => Array.from({ length: times }, () => items).flat();
const word = (name: string, length: number): string[] => Array.from({ length }, (_, i) => `${name}${i}`);

test('a short level stays as it is', () => {
  expect(shape(split(word('a', MAX_LEVEL)))).toBe('40');
});

describe('blocks', () => {
  test('what repeats, and what is before and after', () => {
    const pieces = split([...word('head', 3), ...repeat(word('a', 7), 9), ...word('tail', 2)]);
    expect(shape(pieces)).toBe('3 x9 2');
    expect(pieces[3]).toEqual({ kind: 'block', pieces: [3, 4, 5, 6, 7, 8, 9], instance: 1, instances: 9 });
    expect(leaves(pieces)).toEqual(Array.from({ length: 68 }, (_, i) => i));
  });

  test('begin where the fewest tensors cross', () => {
    const symbols = repeat(word('a', 8), 10);
    const widths = symbols.map((_, i) => (i % 8 === 3 ? 1 : 4));
    const pieces = split(symbols, symbols, widths);
    expect(shape(pieces)).toBe('3 x9 5');
  });

  test('differ only in shape: then types count', () => {
    const types = repeat(word('a', 7), 9);
    const symbols = types.map((type, i) => `${type} ${i}`);
    expect(shape(split(symbols, types))).toBe('x9');
  });

  test('of two lengths', () => {
    const pieces = split([...repeat(word('a', 9), 6), ...word('between', 2), ...repeat(word('b', 13), 5)]);
    expect(shape(pieces)).toBe('x6 2 x5');
  });

  test('within blocks', () => {
    const stage = [...repeat(word('a', 6), 9), ...word('down', 3)];
    const pieces = split(repeat(stage, 3));
    expect(shape(pieces)).toBe('x3');
    for (const piece of pieces) expect(shape((piece as { pieces: Piece[] }).pieces)).toBe('x9 3');
  });

  test('one operator many times is no block', () => {
    expect(shape(split(repeat(['a'], 200)))).toMatch(/^~\d+$/);
  });
});

describe('runs', () => {
  test('are cut where few tensors cross', () => {
    const symbols = word('a', 100);
    const widths = symbols.map((_, i) => (i % 5 === 2 ? 1 : 5));
    let at = 0;
    for (const piece of split(symbols, symbols, widths)) {
      if (at > 0) expect(widths[at]).toBe(1);
      at += leaves([piece]).length;
    }
  });

  test('of equal blocks are equal, all but the last', () => {
    const level = split(repeat(word('a', 5), 1351));
    const sizes = level.map((piece) => leaves([piece]).length / 5);
    expect(sizes).toEqual([...new Array<number>(23).fill(57), 40]);
  });

  test.each([41, 100, 1000, 5000, 100_000])('of %i children: every level is small', (n) => {
    const pieces = different(n);
    expect(leaves(pieces)).toEqual(Array.from({ length: n }, (_, i) => i));
    const pending = [pieces];
    for (let level = pending.pop(); level !== undefined; level = pending.pop()) {
      expect(level.length).toBeLessThanOrEqual(MAX_LEVEL);
      for (const piece of level) if (typeof piece !== 'number') pending.push(piece.pieces);
    }
  });

  function different(n: number): Piece[] {
    const children = Array.from({ length: n }, (_, i) => i);
    return partition(
      children,
      (child) => child,
      (child) => child,
      (part) => new Int32Array(part.length + 1).fill(1),
    );
  }
});
