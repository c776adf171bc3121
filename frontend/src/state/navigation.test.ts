import { describe, expect, test } from 'vitest';
import { buildHierarchy } from '../graph/hierarchy.ts';
import { modelOf, operatorOf, tensorOf } from '../graph/testing.ts';
import { callerOf, groupsToOpen, otherEnd, outside } from './navigation.ts';

const MODEL = modelOf(
  {
    name: 'main',
    inputs: ['x'],
    outputs: ['end'],
    operators: [
      'net/a/one = ADD(x)',
      'net/a/two = MUL(net/a/one)',
      'net/b = ADD(net/a/one)',
      'end = WHILE(net/b)',
    ],
    runs: { end: { cond: 1, body: 2 } },
  },
  { name: 'cond', inputs: ['c'], outputs: ['d'], operators: ['d = LESS(c)'] },
  { name: 'body', inputs: ['e'], outputs: ['f'], operators: ['f = ADD(e)'] },
);
const HIERARCHY = buildHierarchy(MODEL);
const group = (name: string): number => HIERARCHY.groups.findIndex((it) => it.name === name);
const [NET, A] = [group('net'), group('a')];

describe('to see an item, groups are opened from the outermost in', () => {
  test.each([
    ['an operator', { kind: 'operator', id: operatorOf(MODEL, 'net/a/two') }, [0, NET, A]],
    ['a group', { kind: 'group', id: A }, [0, NET]],
    ['a tensor', { kind: 'tensor', id: tensorOf(MODEL, 'net/b') }, [0, NET]],
    ['an input', { kind: 'tensor', id: tensorOf(MODEL, 'x') }, [0, NET, A]],
    ['one in another subgraph', { kind: 'operator', id: operatorOf(MODEL, 'f') }, [2]],
  ] as const)('%s', (_, item, groups) => {
    expect(groupsToOpen(MODEL, HIERARCHY, item)).toEqual(groups);
  });
});

test('a subgraph leads back to who runs it', () => {
  expect(callerOf(MODEL, 1)).toEqual({ operator: operatorOf(MODEL, 'end'), role: 'cond' });
  expect(outside(MODEL, HIERARCHY, 2)).toEqual({ kind: 'operator', id: operatorOf(MODEL, 'end') });
  expect(outside(MODEL, HIERARCHY, A)).toEqual({ kind: 'group', id: NET });
  expect(outside(MODEL, HIERARCHY, 0)).toBeNull();
});

test('a cut edge leads to its other end', () => {
  const one = tensorOf(MODEL, 'net/a/one');
  expect(otherEnd(MODEL, one, true)).toEqual([{ kind: 'operator', id: operatorOf(MODEL, 'net/a/one') }]);
  expect(otherEnd(MODEL, tensorOf(MODEL, 'x'), true)).toEqual([{ kind: 'tensor', id: tensorOf(MODEL, 'x') }]);
  expect(otherEnd(MODEL, one, false).map(({ id }) => id)).toEqual([
    operatorOf(MODEL, 'net/a/two'),
    operatorOf(MODEL, 'net/b'),
  ]);
});
