import { expect, test } from 'vitest';
import type { Trace } from '../graph/traced.ts';
import { decodeTrace, encodeTrace, existing } from './trace-url.ts';

const TRACES: Trace[] = [
  { kind: 'inputs', of: [{ kind: 'operator', id: 10 }], hops: 1, hidesRest: false },
  { kind: 'near', of: [{ kind: 'tensor', id: 4 }], hops: 5, hidesRest: true },
  {
    kind: 'paths',
    of: [
      { kind: 'group', id: 3 },
      { kind: 'operator', id: 9 },
    ],
    hops: 1,
    hidesRest: false,
  },
];

test('what is written is read back', () => {
  for (const trace of TRACES) expect(decodeTrace(encodeTrace(trace))).toEqual(trace);
  expect(encodeTrace(TRACES[1])).toBe('!near5.t4');
});

test('nonsense is no trace', () => {
  for (const text of ['', 'inputs', 'inputs.', 'evil.o1', 'inputs.<b>', 'near77.o1', '.o1'])
    expect(decodeTrace(text)).toBeNull();
  expect(decodeTrace('near0.o1')?.hops).toBe(1);
});

test('a trace of what a model does not have is none', () => {
  expect(existing(TRACES[2], ({ kind }) => kind === 'group')?.of).toEqual([{ kind: 'group', id: 3 }]);
  expect(existing(TRACES[0], () => false)).toBeNull();
  expect(existing(null, () => true)).toBeNull();
});
