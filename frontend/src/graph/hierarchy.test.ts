import { describe, expect, test } from 'vitest';
import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import {
  buildHierarchy,
  contains,
  groupsAround,
  openAtFirst,
  operatorLabel,
  pathTo,
  type Group,
  type Hierarchy,
} from './hierarchy.ts';
import { buildLevel } from './level.ts';
import { topologicalOrder } from './layout/acyclic.ts';
import { MAX_LEVEL } from './structure.ts';
import { decoderStack, modelOf, operatorOf, randomModel, sequence } from './testing.ts';

/** The names of all rules that a hierarchy breaks; there should be none. */
function brokenRules(model: Model, hierarchy: Hierarchy): Set<string> {
  const { groups, groupOf, order, place, host } = hierarchy;
  const broken = new Set<string>();
  const check = (holds: boolean, rule: string): void => {
    if (!holds) broken.add(rule);
  };
  const timesSeen = new Int32Array(model.operatorCount);
  for (let op = 0; op < model.operatorCount; op++) {
    check(order[place[op]] === op, 'order and place fit');
    check(host[op] < 0 || groupOf[host[op]] === groupOf[op], 'what is folded is with its host');
    check(host[op] < 0 || host[host[op]] < 0, 'a host is not folded itself');
    check(contains(hierarchy, groups[groupOf[op]], op), 'an operator is in its group');
  }
  for (const [id, group] of groups.entries()) {
    check(group.id === id, 'groups are numbered');
    check(
      id < model.subgraphNames.length === (group.kind === 'subgraph'),
      'the first groups are the subgraphs',
    );
    check(
      id < model.subgraphNames.length ? group.parent < 0 : group.parent >= 0,
      'all other groups have parents',
    );
    check(group.children.length > 1 || group.kind === 'subgraph', 'groups of one are dissolved');
    check(group.children.length <= MAX_LEVEL, 'levels are small');
    let at = group.start;
    for (const child of group.children) {
      if (child < 0) {
        check(
          groups[~child].parent === id && groups[~child].start === at,
          'children cover their group, in order',
        );
        at = groups[~child].end;
        continue;
      }
      timesSeen[child]++;
      check(groupOf[child] === id, 'a child is in its group');
      for (; order[at] !== child && host[order[at]] === child; at++) timesSeen[order[at]]++;
      check(order[at++] === child, 'children cover their group, in order');
    }
    check(at === group.end, 'children cover their group, in order');
  }
  check(
    timesSeen.every((times) => times === 1),
    'every operator is in exactly one group',
  );
  return broken;
}

/** Groups whose children feed each other in circles. */
function tangled(model: Model, hierarchy: Hierarchy): Group[] {
  return hierarchy.groups.filter(({ id }) => {
    const { source, target, kind } = buildLevel(model, hierarchy, id, false);
    const { place } = topologicalOrder(kind.length, source, target);
    return source.some((from, e) => place[from] > place[target[e]]);
  });
}

function expectSound(model: Model): Hierarchy {
  const hierarchy = buildHierarchy(model);
  expect([...brokenRules(model, hierarchy)]).toEqual([]);
  return hierarchy;
}

describe('every hierarchy is sound, and data flows through its levels in one direction', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => [seed]))('random model %i', (seed) => {
    const model = randomModel(1 + 13 * seed, seed, 1 + (seed % 9));
    const hierarchy = expectSound(model);
    expect(tangled(model, hierarchy).map(({ name }) => name)).toEqual([]);
  });

  test('large', () => {
    const model = randomModel(10_000, 1, 40);
    expect(tangled(model, expectSound(model))).toEqual([]);
  });

  test('a model without operators, and one without subgraphs', () => {
    expectSound(modelOf({ inputs: ['x'], outputs: ['x'], operators: [] }));
    expect(expectSound(modelOf()).groups).toEqual([]);
  });
});

test('the same model gives the same hierarchy', () => {
  expect(buildHierarchy(randomModel(500, 3))).toEqual(buildHierarchy(randomModel(500, 3)));
});

/** The tree as nested lists of names and, for operators, labels. */
function outline(model: Model, hierarchy: Hierarchy, id = 0): unknown[] {
  return hierarchy.groups[id].children.map((child) =>
    child < 0
      ? { [hierarchy.groups[~child].name]: outline(model, hierarchy, ~child) }
      : operatorLabel(model, hierarchy, child),
  );
}

describe('groups from names', () => {
  test('scopes become groups, in the order in which they come', () => {
    const model = modelOf({
      inputs: ['x'],
      outputs: ['net/head/dense'],
      operators: [
        'net/block/conv = CONV_2D(x)',
        'net/block/add = ADD(net/block/conv)',
        'net/head/mean = MEAN(net/block/add)',
        'net/head/dense = FULLY_CONNECTED(net/head/mean)',
      ],
    });
    const hierarchy = expectSound(model);
    expect(outline(model, hierarchy)).toEqual([{ block: ['conv', 'add'] }, { head: ['mean', 'dense'] }]);
    const dense = operatorOf(model, 'net/head/dense');
    expect(groupsAround(hierarchy, dense)).toEqual(pathTo(hierarchy, hierarchy.groupOf[dense]));
    expect(groupsAround(hierarchy, dense).length).toBe(2);
  });

  test('a group of one is dissolved into its name', () => {
    const model = modelOf({
      inputs: ['x'],
      outputs: ['b/d'],
      operators: ['a/b/c/one = ADD(x)', 'a/b/c/two = ADD(a/b/c/one)', 'b/d = ADD(a/b/c/two)'],
    });
    expect(outline(model, expectSound(model))).toEqual([{ 'a/b/c': ['one', 'two'] }, 'b/d']);
  });

  test('a detour is taken into the group that it leaves and returns to', () => {
    const lines = Array.from(
      { length: 30 },
      (_, i) => `big/t${i + 1} = ADD(${i === 10 ? 'aside' : `big/t${i}`})`,
    );
    lines.splice(10, 0, 'aside = MUL(big/t10)');
    const model = modelOf({
      inputs: ['big/t0'],
      outputs: ['end/b'],
      operators: [...lines, 'end/a = ADD(big/t30)', 'end/b = ADD(end/a)'],
    });
    const hierarchy = expectSound(model);
    expect(tangled(model, hierarchy)).toEqual([]);
    const group = hierarchy.groups[hierarchy.groupOf[operatorOf(model, 'aside')]];
    expect([group.name, group.end - group.start]).toEqual(['big', 31]);
  });

  test('a group that is scattered over its level is dissolved', () => {
    const lines = Array.from(
      { length: 24 },
      (_, i) =>
        `${i % 2 === 0 ? 'even' : 'odd'}/t${i + 1} = ADD(${i === 0 ? 'x' : `${i % 2 === 1 ? 'even' : 'odd'}/t${i}`})`,
    );
    const model = modelOf({ inputs: ['x'], outputs: ['odd/t24'], operators: lines });
    const hierarchy = expectSound(model);
    expect(tangled(model, hierarchy)).toEqual([]);
    expect(hierarchy.groups.length).toBe(1);
  });

  test('what prepares a constant goes with its host', () => {
    const model = modelOf({
      inputs: ['x'],
      outputs: ['net/conv'],
      constants: { half: [8] },
      operators: [
        'elsewhere/full = DEQUANTIZE(half)',
        'net/start = ADD(x)',
        'net/conv = CONV_2D(net/start, elsewhere/full)',
      ],
    });
    const hierarchy = expectSound(model);
    expect(hierarchy.groups[0].children).toEqual([1, 2]);
    expect(hierarchy.groups[0].end).toBe(3);
  });
});

describe('groups from structure', () => {
  const blocksOf = ({ groups }: Hierarchy, parent = 0): Group[] =>
    groups.filter((group) => group.kind === 'block' && group.parent === parent);

  test('24 equal layers are 24 equal blocks', () => {
    const model = decoderStack({ layers: 24 }).build();
    const blocks = blocksOf(expectSound(model));
    expect(blocks.map(({ name }) => name)).toEqual(Array.from({ length: 24 }, (_, i) => `block ${i + 1}`));
    expect(blocks.map(({ instance, instances }) => `${instance}/${instances}`)[4]).toBe('5/24');
    expect(new Set(blocks.map(({ signature }) => signature)).size).toBe(1);
    expect(new Set(blocks.map(({ start, end }) => end - start)).size).toBe(1);
  });

  test('named layers have equal signatures too', () => {
    const hierarchy = expectSound(decoderStack({ layers: 24, named: true }).build());
    const layers = hierarchy.groups.filter(({ name }) => name.startsWith('layers.'));
    expect(layers.length).toBe(24);
    expect(new Set(layers.map(({ signature }) => signature)).size).toBe(1);
  });

  test('an odd layer does not hide the others', () => {
    const blocks = blocksOf(expectSound(decoderStack({ layers: 24, odd: 10 }).build()));
    expect(blocks.length).toBe(24);
    expect(new Set(blocks.map(({ signature }) => signature)).size).toBe(1);
    expect(blocks.at(-1)).toMatchObject({ instance: 13, instances: 13 });
  });

  test('stages of other shapes are blocks of other signatures', () => {
    const stages = decoderStack({ layers: 24, width: (layer) => 64 << Math.floor(layer / 6) });
    const blocks = blocksOf(expectSound(stages.build()));
    expect(blocks.length).toBe(24);
    expect(new Set(blocks.map(({ signature }) => signature)).size).toBe(4);
    const growing = blocksOf(expectSound(decoderStack({ layers: 24, width: (layer) => 64 + layer }).build()));
    expect(growing.length).toBe(24);
    expect(new Set(growing.map(({ signature }) => signature)).size).toBe(24);
  });

  test('repetition in repetition', () => {
    const layer = Array.from({ length: 20 }, (_, i) => `L${i}`);
    const stage = [...Array.from({ length: 6 }, () => layer).flat(), 'POOL', 'PAD', 'NORM'];
    const hierarchy = expectSound(sequence(Array.from({ length: 4 }, () => stage).flat()));
    const stages = blocksOf(hierarchy);
    expect(stages.length).toBe(4);
    for (const { id } of stages) expect(blocksOf(hierarchy, id).length).toBe(6);
    const inner = stages.flatMap(({ id }) => blocksOf(hierarchy, id));
    expect(new Set(inner.map(({ signature }) => signature)).size).toBe(1);
  });

  test('an encoder and a decoder repeat each in its own way', () => {
    const layer = (name: string, length: number): string[] => Array.from({ length }, (_, i) => `${name}${i}`);
    const twelve = (types: string[]): string[] => Array.from({ length: 12 }, () => types).flat();
    const types = ['IN', ...twelve(layer('E', 20)), 'MID', ...twelve(layer('D', 30)), 'OUT'];
    const hierarchy = expectSound(sequence(types));
    const sizes = blocksOf(hierarchy).map(({ start, end }) => end - start);
    expect(sizes).toEqual([...new Array<number>(12).fill(20), ...new Array<number>(12).fill(30)]);
    expect(hierarchy.groups[0].children.length).toBe(27);
  });

  test('what does not repeat becomes runs named by their ends', () => {
    const model = sequence(Array.from({ length: 100 }, (_, i) => `TYPE${(i * i) % 101}`));
    const hierarchy = expectSound(model);
    const [first] = hierarchy.groups.filter(({ kind }) => kind === 'range');
    expect(first.name).toMatch(/^t0 – t\d+$/);
    expect(hierarchy.groups[0].children.length).toBeGreaterThan(2);
  });
});

test('a model opens as far as some sixty boxes go', () => {
  const small = buildHierarchy(decoderStack({ layers: 1, named: true }).build());
  expect(openAtFirst(small, 0).size).toBeGreaterThan(3);
  const large = buildHierarchy(decoderStack({ layers: 24, named: true }).build());
  const open = openAtFirst(large, 0);
  let boxes = large.groups[0].children.length;
  for (const group of open) boxes += large.groups[group].children.length;
  expect(boxes).toBeLessThanOrEqual(64);
  expect(
    [...open].every((group) => large.groups[group].parent === 0 || open.has(large.groups[group].parent)),
  ).toBe(true);
});

test('subgraphs have hierarchies of their own', () => {
  const model = modelOf(
    { inputs: ['x'], outputs: ['y'], operators: ['y = WHILE(x)'], runs: { y: { body: 1 } } },
    { name: 'body', inputs: ['a'], outputs: ['c'], operators: ['b = ADD(a)', 'c = MUL(b)'] },
    { name: '', inputs: ['d'], outputs: ['d'], operators: [] },
  );
  const { groups } = expectSound(model);
  expect(groups.map(({ name, start, end }) => [name, start, end])).toEqual([
    ['main', 0, 1],
    ['body', 1, 3],
    ['subgraph 2', 3, 3],
  ]);
  for (const graph of [0, 1, 2]) expect(rowOf(model.subgraphInputs, graph).length).toBe(1);
});
