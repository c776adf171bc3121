import { expect, test } from 'vitest';
import { decodeState, encodeState, type UrlState } from './url.ts';

const STATE: UrlState = {
  model: 'ab12',
  tab: 'overview',
  root: 7,
  flat: true,
  open: [3, 40, 41],
  selection: [
    { kind: 'operator', id: 5 },
    { kind: 'tensor', id: 9 },
    { kind: 'group', id: 2 },
  ],
  lens: 'ops.weight_bytes',
  log: true,
  table: 'tensors',
  sort: [
    { column: 'ops.weight_bytes', descending: true },
    { column: 'ops.op', descending: false },
  ],
  outline: true,
  profile: ['a1', '0f2'],
  errors: 'e0',
  search: 'conv & <b> 100%',
  trace: { kind: 'near', of: [{ kind: 'operator', id: 5 }], hops: 3, hidesRest: true },
  whatIf: 'gpu-legacy:ADD,A%2CB:3,5-9',
  weighsLines: true,
};

test('what is written is read back', () => {
  expect(decodeState(encodeState(STATE))).toEqual(STATE);
});

test('every tab has its name, and another opens the graph', () => {
  expect(['tab=graph', 'tab=overview', 'tab=profile', 'tab=x'].map((text) => decodeState(text).tab)).toEqual([
    'graph',
    'overview',
    'profile',
    'graph',
  ]);
});

test('defaults leave no trace', () => {
  const empty = decodeState('');
  expect(encodeState(empty)).toBe('');
  expect(empty.tab).toBe('graph');
});

test('a selection that no link can hold is left out', () => {
  const selection = Array.from({ length: 5000 }, (_, id) => ({ kind: 'operator' as const, id }));
  expect(decodeState(encodeState({ ...STATE, selection }))).toEqual({ ...STATE, selection: [] });
});

test('errors of layers may be open without one of them being chosen', () => {
  expect(decodeState('errors=').errors).toBe('');
  expect(decodeState('errors=../x').errors).toBeNull();
  expect(decodeState('').errors).toBeNull();
});

test('nonsense is ignored', () => {
  const state = decodeState(
    'tab=evil&root=-1&sel=o1.x9.t99999999999.<b>&open=..zz.%00&flat=yes&table=evil&sort=,-,&log=x',
  );
  expect(state).toMatchObject({
    tab: 'graph',
    root: null,
    flat: false,
    selection: [{ kind: 'operator', id: 1 }],
    table: null,
    sort: [],
    log: false,
  });
  expect(state.open).toEqual([parseInt('zz', 36)]);
});
