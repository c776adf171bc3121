import { describe, expect, test } from 'vitest';
import { encodeReport, quantities } from '../table/testing.ts';
import { decodeReport } from '../wire/report.ts';
import type { Closeup } from '../wire/closeups.ts';
import {
  axisOf,
  badness,
  channelBars,
  channelValues,
  errorPoints,
  figuresIn,
  FIGURES,
  likelyReference,
  thinned,
  worstFirst,
  type ErrorPoint,
} from './errors.ts';

const reportOf = (columns: Record<string, number[]>) =>
  decodeReport(
    encodeReport(
      'layer_error',
      'operators',
      Object.entries(columns).map(([name, values]) => quantities(name, values)),
    ),
  );
const [SQNR, STEPS] = FIGURES;
const point = (operator: number, whole: number, local = NaN): ErrorPoint => ({
  operator,
  whole,
  local,
  isEqual: false,
  isLocalEqual: false,
});

describe('along the network', () => {
  const report = reportOf({
    sqnr_db: [40, NaN, 30, NaN],
    local_sqnr_db: [40, NaN, NaN, NaN],
    rmse: [0.1, 0, 0.2, NaN],
    local_rmse: [0.1, 0, NaN, NaN],
    max_error: [NaN, NaN, NaN, NaN],
  });

  test('figures that are known of any operator are offered', () => {
    expect(figuresIn(report).map(({ key }) => key)).toEqual(['sqnr_db', 'rmse']);
    expect(figuresIn(reportOf({ local_rmse_scale: [0.3] })).map(({ key }) => key)).toEqual(['rmse_scale']);
  });

  test('where nothing differs an operator has no SQNR and is there all the same; what was not compared is not', () => {
    expect(errorPoints(report, SQNR)).toEqual([
      { operator: 0, whole: 40, local: 40, isEqual: false, isLocalEqual: false },
      { operator: 1, whole: NaN, local: NaN, isEqual: true, isLocalEqual: true },
      { operator: 2, whole: 30, local: NaN, isEqual: false, isLocalEqual: false },
    ]);
  });

  test('the worst first, equal ones behind all, unknown ones last', () => {
    const points = errorPoints(report, SQNR);
    expect(worstFirst(points, 'whole', SQNR).map(({ operator }) => operator)).toEqual([2, 0, 1]);
    expect(worstFirst(points, 'local', SQNR).map(({ operator }) => operator)).toEqual([0, 1, 2]);
    expect(worstFirst([point(0, 0.3), point(1, 0.9)], 'whole', STEPS)[0].operator).toBe(1);
    expect(badness(points[1], 'whole', SQNR)).toBe(-Infinity);
  });

  test('of too many the worst of neighbours stay', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => point(i, i % 100 === 7 ? 5 : 40));
    const kept = thinned(many, 100, 'whole', SQNR);
    expect(kept).toHaveLength(100);
    expect(kept.every(({ whole }) => whole === 5)).toBe(true);
    expect(thinned(many.slice(0, 3), 100, 'whole', SQNR)).toHaveLength(3);
  });
});

test('an axis holds what can be drawn on it', () => {
  expect(axisOf([NaN, Infinity], false)).toBeNull();
  expect(axisOf([0, -1], true)).toBeNull();
  expect(axisOf([0, 0.5, 2], true)).toEqual([0.5 / 1.5, 3]);
  expect(axisOf([10, 20], false)).toEqual([9.2, 20.8]);
  expect(axisOf([10, 150, 20], false, 100)).toEqual([9.2, 20.8]);
  expect(axisOf([140, 150], false, 100)).toEqual([139.2, 150.8]);
  const [low, high] = axisOf([0], false)!;
  expect(high).toBeGreaterThan(low);
});

describe('channels', () => {
  const closeup: Closeup = {
    reference: [],
    value: [],
    channels: { referenceRms: [1, 1, 2, NaN], rmse: [0.1, 0, 0.02, NaN], meanError: [-0.1, 0, 0.01, NaN] },
  };

  test('signal over noise from what comes over the wire', () => {
    const values = channelValues(closeup, 'sqnr');
    expect(values[0]).toBeCloseTo(20);
    expect(values[1]).toBe(Infinity);
    expect(values[2]).toBeCloseTo(40);
    expect(values[3]).toBeNaN();
    expect(channelValues(closeup, 'mean')).toEqual([-0.1, 0, 0.01, NaN]);
  });

  test('the worst of channels that share a bar stands for them', () => {
    expect(channelBars([1, -3, 2, NaN, 5], 'mean', 3)).toEqual([
      { start: 0, end: 2, channel: 1, value: -3 },
      { start: 2, end: 4, channel: 2, value: 2 },
      { start: 4, end: 5, channel: 4, value: 5 },
    ]);
    expect(channelBars([40, Infinity, 20], 'sqnr', 1)[0].channel).toBe(2);
    expect(channelBars([NaN, 3], 'rmse', 1)[0].channel).toBe(1);
    expect(channelBars([], 'rmse', 10)).toEqual([]);
  });
});

test('the reference is probably the one of the same name that is float', () => {
  const models = ['mnet_int8', 'mnet_fp16', 'mnet_float32', 'other_float32'].map((name) => ({
    id: name,
    name,
  }));
  expect(likelyReference(models, models[0])?.name).toBe('mnet_float32');
  expect(likelyReference(models.slice(0, 1), models[0])).toBeNull();
  expect(likelyReference(models.slice(0, 3), models[3])).toBeNull();
});
