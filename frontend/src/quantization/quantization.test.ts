import { describe, expect, test } from 'vitest';
import { modelOf, operatorOf, sequence, tensorOf } from '../graph/testing.ts';
import { categories, encodeReport, quantities } from '../table/testing.ts';
import { decodeReport, type Column } from '../wire/report.ts';
import { constantOf, modesOf, sortedBy, spansOf, tensorRows } from './quantization.ts';

const reportOf = (over: string, columns: Column[]) =>
  decodeReport(encodeReport('quantization', over, columns));

describe('modes', () => {
  test('the commonest first, each with its operators and its work', () => {
    const report = reportOf('operators', [categories('mode', ['float', 'int8', 'int8', 'other', 'int8'])]);
    report.summary = { work: { int8: { macs: 12, unknown_macs: 1, constant_bytes: 7 } } };
    const { modes, ofOperator } = modesOf(report);
    expect(modes.map(({ name, operators }) => [name, operators])).toEqual([
      ['int8', [1, 2, 4]],
      ['float', [0]],
      ['other', [3]],
    ]);
    expect(modes[0]).toMatchObject({ macs: 12, unknownMacs: 1, constantBytes: 7 });
    expect([...ofOperator]).toEqual([1, 0, 0, 2, 0]);
  });

  test('a report without modes has none', () => {
    expect(modesOf(reportOf('operators', [quantities('x', [1])])).modes).toEqual([]);
  });
});

describe('spans', () => {
  test('neighbours of one mode are one', () => {
    expect(spansOf(Int32Array.of(0, 0, 1, 0, 2, 2), 100)).toEqual([
      { start: 0, end: 2, code: 0 },
      { start: 2, end: 3, code: 1 },
      { start: 3, end: 4, code: 0 },
      { start: 4, end: 6, code: 2 },
    ]);
  });

  test('where there is little room, the commonest of some stands for them', () => {
    const codes = Int32Array.from({ length: 30_000 }, (_, i) =>
      i >= 10_000 && i < 20_000 ? 1 : i % 7 === 0 ? 2 : 0,
    );
    const spans = spansOf(codes, 300);
    expect(spans.map(({ code }) => code)).toEqual([0, 1, 0]);
    expect(spans.map(({ start, end }) => end - start)).toEqual([10_000, 10_000, 10_000]);
  });

  test('an empty model has none', () => {
    expect(spansOf(new Int32Array(0), 10)).toEqual([]);
  });
});

test('tensors are constants that were looked at, or others, and sorted with what is not known last', () => {
  const model = sequence(['ABS', 'ABS', 'ABS']);
  const of = (values: number[]): number[] => [
    ...values,
    ...Array<number>(model.tensorCount - values.length).fill(NaN),
  ];
  const schemes = ['per-channel', 'per-tensor', null, 'per-tensor'];
  const report = reportOf('tensors', [
    categories('scheme', [...schemes, ...Array<null>(model.tensorCount - schemes.length).fill(null)]),
    quantities('range_use', of([1, NaN, NaN, 0.5])),
    quantities('weakest_bits', of([7.5, NaN, NaN, 3])),
    quantities('scale', of([NaN, 0.25, NaN, 0.5])),
  ]);
  const { constants, others } = tensorRows(report, model);
  expect(constants.map(({ tensor }) => tensor)).toEqual([0, 3]);
  expect(others.map(({ tensor, scheme, figures }) => [tensor, scheme, figures.scale])).toEqual([
    [1, 'per-tensor', 0.25],
  ]);
  expect(sortedBy(constants, 'weakest_bits', true).map(({ tensor }) => tensor)).toEqual([3, 0]);
  expect(sortedBy(constants, 'scale', true).map(({ tensor }) => tensor)).toEqual([3, 0]);
  expect(sortedBy(constants, 'scale', false).map(({ tensor }) => tensor)).toEqual([3, 0]);
});

test('of weights that use as many bits, those whose scales differ most come first', () => {
  const row = (tensor: number, scale_ratio: number) => ({
    tensor,
    scheme: 'per-channel',
    figures: { weakest_bits: 8, scale_ratio },
  });
  const rows = [row(1, 2), row(2, NaN), row(3, 40)];
  expect(sortedBy(rows, 'weakest_bits', true).map(({ tensor }) => tensor)).toEqual([3, 1, 2]);
});

test('the constant of an operator is also found behind what unpacks it', () => {
  const model = modelOf({
    inputs: ['x'],
    outputs: ['z'],
    operators: ['d = DEQUANTIZE(w)', 'y = FULLY_CONNECTED(x, d)', 'z = CONV_2D(y, v)'],
    constants: { w: [4, 4], v: [4, 1, 1, 4] },
  });
  const [w, v] = [tensorOf(model, 'w'), tensorOf(model, 'v')];
  const constants = new Set([w, v]);
  expect(constantOf(model, constants, operatorOf(model, 'y'))).toBe(w);
  expect(constantOf(model, constants, operatorOf(model, 'z'))).toBe(v);
  expect(constantOf(model, new Set([w]), operatorOf(model, 'z'))).toBe(-1);
});
