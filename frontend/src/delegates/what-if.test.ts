import { expect, test } from 'vitest';
import { decoderStack } from '../graph/testing.ts';
import { categories, texts } from '../table/testing.ts';
import { decodeModel, operatorTypeName } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import type { Matrix } from './verdicts.ts';
import {
  askedOf,
  chosenOf,
  decodeWhatIf,
  encodeWhatIf,
  queryOf,
  reasonsOf,
  rejectedTypes,
  tickedOf,
  timeShares,
  withOperators,
  type Estimate,
} from './what-if.ts';

const MODEL = decodeModel(decoderStack({ layers: 2, named: true }).encode());
const OF_TYPE = (type: string): number[] =>
  Array.from({ length: MODEL.operatorCount }, (_, op) => op).filter(
    (op) => operatorTypeName(MODEL, op) === type,
  );
const TYPE = operatorTypeName(MODEL, 0);

test('types that are chosen as a whole are asked for by name', () => {
  const whole = OF_TYPE(TYPE);
  const other = Array.from({ length: MODEL.operatorCount }, (_, op) => op).find((op) => {
    const type = operatorTypeName(MODEL, op);
    return type !== TYPE && OF_TYPE(type).length > 1;
  })!;
  const chosen = new Set([...whole, other]);
  const asked = askedOf(chosen, MODEL);
  expect(asked).toEqual({ types: [TYPE], operators: [other] });
  expect(chosenOf(asked, MODEL)).toEqual(chosen);
});

test('what the model does not have is left out', () => {
  expect(chosenOf({ types: ['NO_SUCH'], operators: [1, 1e6] }, MODEL)).toEqual(new Set([1]));
});

test('a request has names of types escaped, and ranges', () => {
  expect(queryOf({ types: ['ADD', 'a&b,c'], operators: [3, 5, 6, 7, 9] }, 'f0')).toBe(
    'type=ADD&type=a%26b%2Cc&operators=3,5-7,9&profile=f0',
  );
  expect(queryOf({ types: [], operators: [] }, null)).toBe('');
});

test('what is written into a link is read back', () => {
  const asked = { types: ['ADD', 'a:b,c'], operators: [3, 5, 6, 7, 9] };
  const text = encodeWhatIf('gpu-legacy', asked)!;
  expect(text).toBe('gpu-legacy:ADD,a%3Ab%2Cc:3,5-7,9');
  expect(decodeWhatIf(text)).toEqual({ delegate: 'gpu-legacy', asked });
  expect(decodeWhatIf('xnnpack::')).toEqual({ delegate: 'xnnpack', asked: { types: [], operators: [] } });
  const many = Array.from({ length: 2000 }, (_, i) => 2 * i);
  expect(encodeWhatIf('gpu', { types: [], operators: many })).toBeNull();
});

test.each([
  ['', null],
  ['../x:ADD', null],
  ['gpu:%:9-3,x,-1,4', { delegate: 'gpu', asked: { types: [], operators: [4] } }],
  ['gpu', { delegate: 'gpu', asked: { types: [], operators: [] } }],
])('nonsense in a link is ignored: %s', (text, found) => {
  expect(decodeWhatIf(text)).toEqual(found);
});

test('ranges of a link that are too long end', () => {
  expect(decodeWhatIf('gpu::0-9999999')!.asked.operators.length).toBe(1e6 + 1);
});

test('types that a delegate rejects, the commonest first', () => {
  const row = (type: string, operators: number[], rejected: number[], optional: number[] = []) => ({
    type,
    operators,
    cells: [
      { accepted: operators.length - rejected.length, limited: [], rejected, optional: optional, device: [] },
    ],
  });
  const matrix: Matrix = {
    delegates: [],
    verdicts: [],
    rows: [row('A', [0, 1], [1]), row('B', [2], []), row('C', [3, 4, 5], [4, 5], [3])],
  };
  expect(rejectedTypes(matrix, 0).map(({ type, rejected }) => [type, rejected])).toEqual([
    ['C', [3, 4, 5]],
    ['A', [1]],
  ]);
});

test('ticks', () => {
  const chosen = new Set([1, 2]);
  expect([[1, 2], [1, 3], [3], []].map((operators) => tickedOf(operators, chosen))).toEqual([
    'all',
    'some',
    'none',
    'none',
  ]);
  expect(withOperators(chosen, [2, 3], true)).toEqual(new Set([1, 2, 3]));
  expect(withOperators(chosen, [2, 3], false)).toEqual(new Set([1]));
  expect(chosen).toEqual(new Set([1, 2]));
});

test('the parts of an inference are all of it', () => {
  const estimate = (inside: number, moved: number): Estimate => ({
    label: '', other: null, with_delegate: true, total_us: 100, inside_us: inside, then_inside_us: 0, moved_us: moved,
    moved_share: 0, least_us: 0, expected_us: null, sentences: [],
  }); // prettier-ignore
  expect(timeShares(estimate(20, 30))).toEqual({ inside: 0.2, joins: 0.3, outside: 0.5 });
  // A bound may count time that is no operator's, and so go beyond what is left.
  const { joins, outside } = timeShares(estimate(80, 40));
  expect(joins).toBeCloseTo(0.2);
  expect(outside).toBeCloseTo(0);
});

test('reasons with the operators that have them', () => {
  const report: Report = {
    name: 'partition_xnnpack',
    over: 'operators',
    summary: {},
    findings: [],
    columns: [
      categories('verdict', ['accepted', 'rejected', 'rejected', 'accepted-if device']),
      texts('reason', [null, 'too wide', 'too wide', null]),
      texts('condition', [null, null, null, 'device: 4096 texels']),
    ],
  };
  expect(reasonsOf(report, [0, 1, 2, 3])).toEqual([
    { verdict: 'rejected', text: 'too wide', operators: [1, 2] },
    { verdict: 'accepted', text: '', operators: [0] },
    { verdict: 'accepted-if device', text: 'device: 4096 texels', operators: [3] },
  ]);
  expect(reasonsOf({ ...report, columns: [] }, [0])).toEqual([]);
});
