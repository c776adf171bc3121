/**
 * The tree that a graph is drawn as: subgraphs, in them groups from scopes in names and, where a level has more boxes
 * than a person takes in, groups from structure. Everything is iterative: files decide how deep it gets.
 */
import { operatorName, type Model } from '../wire/model.ts';
import { foldConstants } from './fold.ts';
import { scopeOf, type Scoped } from './names.ts';
import { Hasher } from './hash.ts';
import { partition, type Piece } from './structure.ts';

/** `scope` comes from names, `block` is one of several repetitions, `range` a run of neighbours. */
export type GroupKind = 'subgraph' | 'scope' | 'block' | 'range';

export interface Group {
  id: number;
  parent: number;
  kind: GroupKind;
  name: string;
  /** Scope components that its name and its ancestors' stand for. */
  depth: number;
  /** Operators as their ids, groups as ~id; in the order of execution. */
  children: number[];
  /** Its operators are order[start .. end). */
  start: number;
  end: number;
  /** Equal for groups of equal structure: operator types, shapes and types in order. */
  signature: number;
  /** For blocks: which of how many. */
  instance: number;
  instances: number;
}

export interface Hierarchy {
  /** The first ones are the subgraphs. */
  groups: Group[];
  /** Innermost group of every operator. */
  groupOf: Int32Array;
  /** The operator that an operator is folded into, -1 for none. */
  host: Int32Array;
  /** Operators group by group, and where each stands there. */
  order: Int32Array;
  place: Int32Array;
  scopes: Scoped[];
}

export function buildHierarchy(model: Model): Hierarchy {
  const host = foldConstants(model);
  const scopes = Array.from({ length: model.operatorCount }, (_, op) => scopeOf(operatorName(model, op)));
  const groups = scopeGroups(model, host, scopes);
  dissolveSingles(groups, model.subgraphNames.length);
  structureLevels(model, groups, new Hasher(model, host));
  return finish(model, groups, host, scopes);
}

/** The name of an operator within the group that it is shown in. */
export function operatorLabel(hierarchy: Hierarchy, operator: number): string {
  const { path, label } = hierarchy.scopes[operator];
  return [...path.slice(hierarchy.groups[hierarchy.groupOf[operator]].depth), label].join('/');
}

/** Whether a group holds an operator, directly or further in. */
export function contains(hierarchy: Hierarchy, group: Group, operator: number): boolean {
  const place = hierarchy.place[operator];
  return place >= group.start && place < group.end;
}

function newGroup(groups: Group[], kind: GroupKind, parent: number, name: string, depth: number): Group {
  const group: Group = {
    id: groups.length,
    parent,
    kind,
    name,
    depth,
    children: [],
    start: 0,
    end: 0,
    signature: 0,
    instance: 0,
    instances: 1,
  };
  groups.push(group);
  return group;
}

function scopeGroups(model: Model, host: Int32Array, scopes: Scoped[]): Group[] {
  const groups: Group[] = [];
  for (const [i, name] of model.subgraphNames.entries())
    newGroup(groups, 'subgraph', -1, name === '' ? `subgraph ${i}` : name, 0);
  const known = new Map<string, Group>();
  for (let graph = 0; graph < model.subgraphNames.length; graph++) {
    for (let op = model.subgraphOperators[graph]; op < model.subgraphOperators[graph + 1]; op++) {
      if (host[op] >= 0) continue;
      let group = groups[graph];
      for (const component of scopes[op].path) {
        const key = `${group.id}/${component}`;
        let child = known.get(key);
        if (child === undefined) {
          child = newGroup(groups, 'scope', group.id, component, group.depth + 1);
          known.set(key, child);
          group.children.push(~child.id);
        }
        group = child;
      }
      group.children.push(op);
    }
  }
  return groups;
}

/** Groups of one make a level without saying anything: an only child moves up and its name into the group's. */
function dissolveSingles(groups: Group[], subgraphs: number): void {
  for (let id = groups.length - 1; id >= 0; id--) {
    const group = groups[id];
    const only = group.children.length === 1 ? group.children[0] : 0;
    if (only < 0) {
      const child = groups[~only];
      group.children = child.children;
      group.depth = child.depth;
      if (id >= subgraphs) group.name += `/${child.name}`;
      child.children = [];
    }
  }
  for (let id = groups.length - 1; id >= 0; id--) {
    const group = groups[id];
    group.children = group.children.map((child) =>
      child < 0 && groups[~child].children.length === 1 ? groups[~child].children[0] : child,
    );
  }
}

/** Splits levels that are too large, from the innermost out, so that equal groups are known when their level is split. */
function structureLevels(model: Model, groups: Group[], hasher: Hasher): void {
  const signatures = new Map<number, number>();
  const sign = (group: Group): number => {
    const hash = hasher.ofSequence(group.children.map(symbolOf));
    const signature = signatures.get(hash) ?? signatures.size;
    signatures.set(hash, signature);
    return signature;
  };
  const symbolOf = (child: number): number =>
    child < 0 ? hasher.ofGroup(groups[~child].signature) : hasher.ofOperator(child);
  const typeOf = (child: number): number =>
    child < 0 ? hasher.ofGroup(groups[~child].signature) : model.operatorType[child];
  for (let id = groups.length - 1; id >= 0; id--) {
    const top = groups[id];
    if (top.children.length === 0) continue;
    const pieces = partition(top.children, symbolOf, typeOf, (children) => hasher.widths(children, groups));
    adopt(groups, top, pieces, sign);
    top.signature = sign(top);
  }
}

function adopt(groups: Group[], top: Group, pieces: Piece[], sign: (group: Group) => number): void {
  const made: Group[] = [];
  const pending: { group: Group; pieces: Piece[] }[] = [{ group: top, pieces }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { group, pieces: inside } = next;
    group.children = inside.map((piece) => {
      if (typeof piece === 'number') {
        if (piece < 0) groups[~piece].parent = group.id;
        return piece;
      }
      const child = newGroup(groups, piece.kind, group.id, '', group.depth);
      child.instance = piece.instance;
      child.instances = piece.instances;
      made.push(child);
      pending.push({ group: child, pieces: piece.pieces });
      return ~child.id;
    });
  }
  for (const group of made.reverse()) group.signature = sign(group);
}

/** Numbers the operators group by group, drops what was dissolved, and names what structure made. */
function finish(model: Model, all: Group[], host: Int32Array, scopes: Scoped[]): Hierarchy {
  const folded = new Map<number, number[]>();
  for (let op = 0; op < host.length; op++)
    if (host[op] >= 0) folded.set(host[op], [...(folded.get(host[op]) ?? []), op]);
  const groups: Group[] = [];
  const groupOf = new Int32Array(model.operatorCount);
  const order = new Int32Array(model.operatorCount);
  const place = new Int32Array(model.operatorCount);
  let count = 0;
  const append = (op: number, group: number): void => {
    groupOf[op] = group;
    place[op] = count;
    order[count++] = op;
  };
  const kept = new Map<number, Group>();
  const roots = all.slice(0, model.subgraphNames.length);
  for (const root of roots) kept.set(root.id, keep(root, -1));
  for (const root of roots) {
    const pending: (() => void)[] = [];
    const enter = (old: Group, group: Group): void => {
      group.start = count;
      pending.push(() => (group.end = count));
      for (let i = old.children.length - 1; i >= 0; i--) {
        const child = old.children[i];
        if (child < 0) {
          const inner = keep(all[~child], group.id);
          group.children[i] = ~inner.id;
          pending.push(() => enter(all[~child], inner));
        } else {
          group.children[i] = child;
          pending.push(() => {
            for (const op of folded.get(child) ?? []) append(op, group.id);
            append(child, group.id);
          });
        }
      }
    };
    enter(root, kept.get(root.id)!);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) next();
  }
  const hierarchy: Hierarchy = { groups, groupOf, host, order, place, scopes };
  nameStructure(hierarchy);
  return hierarchy;

  function keep(old: Group, parent: number): Group {
    const group: Group = { ...old, id: groups.length, parent, children: new Array<number>(old.children.length) };
    groups.push(group);
    return group;
  }
}

/** Names for groups that no scope named: blocks are counted, ranges called after their ends. */
function nameStructure(hierarchy: Hierarchy): void {
  const { groups } = hierarchy;
  const counted = new Map<number, number>();
  for (const group of groups) {
    if (group.kind !== 'block') continue;
    let owner = group.parent;
    while (groups[owner].kind === 'range') owner = groups[owner].parent;
    counted.set(owner, (counted.get(owner) ?? 0) + 1);
    group.name = `block ${counted.get(owner)!}`;
  }
  for (const group of [...groups].reverse()) {
    if (group.kind !== 'range') continue;
    const nameOf = (child: number): string => (child < 0 ? groups[~child].name : operatorLabel(hierarchy, child));
    const [first, last] = [nameOf(group.children[0]), nameOf(group.children.at(-1)!)];
    group.name = `${first.split(' – ')[0]} – ${last.split(' – ').at(-1)!}`;
  }
}
