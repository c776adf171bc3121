import { expect, test } from 'vitest';
import { timelineOf } from './timeline.ts';
import { traceOf, type Row } from './testing.ts';

const spansOf = (
  rows: Row[],
  total = 120,
): [tag: string, start: number, end: number, synthetic: boolean][] => {
  const trace = traceOf(rows);
  return timelineOf(trace, total)
    .spans.toSorted((a, b) => a.event - b.event)
    .map(({ event, start, length, isSynthetic }) => [
      trace.events.tag(event),
      start,
      start + length,
      isSynthetic,
    ]);
};

test('measured starts are kept, and what contains them contains them', () => {
  const spans = spansOf([
    { tag: 'Invoke', kind: 'invoke', time: 100_000, start: 5000 },
    { tag: 'A', kind: 'operator', time: 20_000, start: 6000, parent: 0 },
    { tag: 'B', kind: 'operator', time: 30_000, start: 40_000, parent: 0 },
  ]);
  expect(spans).toEqual([
    ['Invoke', 5, 105, false],
    ['A', 6, 26, false],
    ['B', 40, 70, false],
  ]);
});

test('gaps of the slow first inference shrink to what an inference has room for', () => {
  const rows: Row[] = [
    { tag: 'sync', kind: 'runtime', time: 4000, start: 0 },
    { tag: 'Invoke', kind: 'invoke', time: 40_000, start: 84_000 },
    { tag: 'sync', kind: 'runtime', time: 6000, start: 144_000 },
  ];
  expect(spansOf(rows, 60)).toEqual([
    ['sync', 0, 4, false],
    ['Invoke', 12, 52, false],
    ['sync', 54, 60, false],
  ]);
  expect(spansOf(rows, 200).map(([, start]) => start)).toEqual([0, 84, 144]);
});

test('rows without a start follow each other, and say so', () => {
  expect(
    spansOf([
      { tag: 'Invoke', kind: 'invoke', time: 100_000, start: 0 },
      { tag: 'k0', kind: 'kernel', time: 20_000, parent: 0, partition: 0 },
      { tag: 'k1', kind: 'kernel', time: 30_000, parent: 0, partition: 0 },
    ]).slice(1),
  ).toEqual([
    ['k0', 0, 20, true],
    ['k1', 20, 50, true],
  ]);
});

test('a start that lies in its neighbour, or too late to fit, is not believed', () => {
  const spans = spansOf([
    { tag: 'Invoke', kind: 'invoke', time: 100_000, start: 0 },
    { tag: 'A', kind: 'operator', time: 50_000, start: 0, parent: 0 },
    { tag: 'B', kind: 'operator', time: 20_000, start: 30_000, parent: 0 },
    { tag: 'C', kind: 'operator', time: 20_000, start: 95_000, parent: 0 },
  ]);
  expect(spans.slice(2)).toEqual([
    ['B', 50, 70, true],
    ['C', 70, 90, true],
  ]);
});

test('spans nest at any depth, whatever their times say', () => {
  const depth = 20_000;
  const rows: Row[] = Array.from({ length: depth }, (_, i) => ({
    tag: `${i}`,
    kind: 'invoke',
    time: i === depth - 1 ? 5000 : 1000,
    parent: i - 1,
  }));
  const spans = spansOf(rows);
  expect(spans.every(([, start, end]) => start === 0 && end === 5)).toBe(true);
});

test('each partition has a line of its own below the runtime’s', () => {
  const partitions = [0, 1].map((node) => ({ subgraph: 0, node, delegate: 'XNNPACK', operators: [] }));
  const rows: Row[] = [
    { tag: 'k', kind: 'kernel', time: 1, partition: 1 },
    { tag: 'k', kind: 'kernel', time: 1, partition: 0 },
    { tag: 'Invoke', kind: 'invoke', time: 9 },
    { tag: 'op', kind: 'operator', time: 4, parent: 2 },
    { tag: 'cycles', kind: 'operator', time: 4, cycles: true },
    { tag: 'unknown', kind: 'operator', time: NaN },
  ];
  const timeline = timelineOf(traceOf(rows, partitions), 0);
  expect(timeline.tracks).toEqual(['runtime, 2 threads', '', 'XNNPACK 0', 'XNNPACK 1']);
  const trackOf = new Map(timeline.spans.map(({ event, track }) => [event, track]));
  expect([0, 1, 2, 3].map((event) => trackOf.get(event))).toEqual([3, 2, 0, 1]);
  expect(timeline.leftOut).toBe(2);
});
