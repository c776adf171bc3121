import { expect, test } from 'vitest';
import { decoderStack } from '../graph/testing.ts';
import { decodeModel } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import {
  columnOf,
  conditional,
  delegateOfLens,
  leftOf,
  differencesOf,
  matrixOf,
  measuredOf,
  onlyIn,
} from './verdicts.ts';

const MODEL = decodeModel(decoderStack({ layers: 2, named: true }).encode());

function report(verdicts: Record<string, (operator: number) => number>): Report {
  const rows = MODEL.operatorCount;
  return {
    name: 'delegates',
    over: 'operators',
    summary: {
      delegates: Object.keys(verdicts).map((delegate) => ({
        delegate,
        title: delegate,
        operators: rows,
        partitions: 3,
      })),
    },
    findings: [],
    columns: Object.entries(verdicts).map(([name, verdict]) => ({
      name: columnOf(name),
      unit: '1',
      provenance: 'simulated',
      doc: '',
      rows,
      kind: 'category',
      codes: Int32Array.from({ length: rows }, (_, operator) => verdict(operator)),
      names: ['accepted', 'left by the limit', 'rejected', 'accepted-if option', 'accepted-if device'],
    })),
  };
}

test('operators are counted by type and delegate', () => {
  const matrix = matrixOf(report({ all: () => 0, 'no-one': () => 2, some: (at) => (at < 3 ? 1 : 0) }), MODEL);
  expect(matrix.rows.reduce((sum, { operators }) => sum + operators.length, 0)).toBe(MODEL.operatorCount);
  for (const { operators, cells } of matrix.rows) {
    expect(cells[0]).toEqual({
      accepted: operators.length,
      limited: [],
      rejected: [],
      optional: [],
      device: [],
    });
    expect(cells[1].rejected).toEqual(operators);
    expect(cells[2].accepted + cells[2].limited.length).toBe(operators.length);
  }
  expect(matrix.rows.flatMap(({ cells }) => cells[2].limited).sort()).toEqual([0, 1, 2]);
});

test('accepted if: another option leaves an operator behind, a device does not', () => {
  const matrix = matrixOf(report({ one: (at) => (at < 2 ? 3 : at < 5 ? 4 : 0), other: () => 2 }), MODEL);
  const cells = matrix.rows.map((row) => row.cells[0]);
  expect(cells.flatMap(({ optional }) => optional).sort()).toEqual([0, 1]);
  expect(cells.flatMap(({ device }) => device).sort()).toEqual([2, 3, 4]);
  expect(cells.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(MODEL.operatorCount - 2);
  expect(cells.flatMap(leftOf).sort()).toEqual([0, 1]);
  expect(conditional(matrix, 0)).toEqual([0, 1, 2, 3, 4]);
  expect(onlyIn(matrix, 0, 1)).not.toContain(1);
  expect(onlyIn(matrix, 0, 1)).toContain(2);
});

test('the commonest types come first', () => {
  const { rows } = matrixOf(report({ all: () => 0 }), MODEL);
  const counts = rows.map(({ operators }) => operators.length);
  expect(counts).toEqual([...counts].sort((a, b) => b - a));
});

test('two delegates side by side', () => {
  const matrix = matrixOf(
    report({ one: (at) => (at === 4 ? 2 : 0), other: (at) => (at === 1 ? 1 : 0) }),
    MODEL,
  );
  expect(onlyIn(matrix, 0, 1)).toEqual([1]);
  expect(onlyIn(matrix, 1, 0)).toEqual([4]);
});

test('the types in which two delegates differ', () => {
  const matrix = matrixOf(
    report({ one: (at) => (at === 4 ? 2 : 0), other: (at) => (at === 1 ? 1 : 0) }),
    MODEL,
  );
  const found = differencesOf(matrix, 0, 1);
  expect(found.flatMap(({ onlyOne }) => onlyOne)).toEqual(onlyIn(matrix, 0, 1));
  expect(found.flatMap(({ onlyOther }) => onlyOther)).toEqual(onlyIn(matrix, 1, 0));
  for (const { count, taken, onlyOne, onlyOther } of found) {
    expect(taken[0] - onlyOne.length).toBe(taken[1] - onlyOther.length);
    expect(Math.max(...taken)).toBeLessThanOrEqual(count);
  }
  expect(differencesOf(matrix, 1, 1)).toEqual([]);
});

test('measured beside foretold', () => {
  const matrix = matrixOf(report({ mine: (at) => (at < 2 ? 0 : 2) }), MODEL);
  const run = (operators: number[], delegate = 'mine'): Report => ({
    ...report({}),
    summary: {
      delegate,
      runtime: 'r 1',
      delegated: operators.length,
      operators: 9,
      partitions: [{ operators }],
    },
  });
  expect(measuredOf(run([0, 1]), matrix, 0)).toEqual({
    runtime: 'r 1',
    delegated: 2,
    partitions: 1,
    foretold: 3,
    onlyMeasured: [],
    onlyForetold: [],
  });
  expect(measuredOf(run([1, 5]), matrix, 0)).toMatchObject({ onlyMeasured: [5], onlyForetold: [0] });
  expect(measuredOf(run([0], 'other'), matrix, 0)).toBeNull();
  expect(measuredOf(null, matrix, 0)).toBeNull();
});

test('a delegate without a column is known of nothing', () => {
  const empty = report({ all: () => 0 });
  empty.columns = [];
  expect(matrixOf(empty, MODEL).rows.every(({ cells }) => cells[0].accepted === 0)).toBe(true);
});

test('a lens of verdicts names its delegate', () => {
  expect(delegateOfLens(`delegates.${columnOf('ethos-u85')}`)).toBe('ethos-u85');
  expect([null, 'delegates_gpu.verdict', 'compute.macs'].map(delegateOfLens)).toEqual([null, null, null]);
});
