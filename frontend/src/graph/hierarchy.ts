/**
 * The tree that a graph is drawn as: subgraphs, in them groups from scopes in names and, where a level has more boxes
 * than a person takes in, groups from structure. Everything is iterative: files decide how deep it gets.
 */
import { csrFromPairs, rowOf, type Csr } from '../wire/csr.ts';
import { operatorName, type Model } from '../wire/model.ts';
import { straighten } from './convex.ts';
import { foldConstants } from './fold.ts';
import { scopeOf } from './names.ts';
import { Hasher } from './hash.ts';
import { MAX_LEVEL, partition, type Piece } from './structure.ts';
import { topologicalOrder } from './layout/acyclic.ts';

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
  /** Equal for groups of equal structure: operator types, shapes and types in order. 0 for empty subgraphs. */
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
}

export function buildHierarchy(model: Model): Hierarchy {
  const host = foldConstants(model);
  const groups = scopeGroups(model, host);
  const hasher = new Hasher(model, host);
  straightenLevels(groups, hasher);
  dissolveSingles(groups, model.subgraphNames.length);
  structureLevels(model, groups, hasher);
  return finish(model, groups, host);
}

/** The name of an operator within the group that it is shown in. */
export function operatorLabel(model: Model, hierarchy: Hierarchy, operator: number): string {
  const { path, label } = scopeOf(operatorName(model, operator));
  return [...path.slice(hierarchy.groups[hierarchy.groupOf[operator]].depth), label].join('/');
}

/** The groups that hold an operator, from the subgraph inwards. */
export function groupsAround(hierarchy: Hierarchy, operator: number): number[] {
  return pathTo(hierarchy, hierarchy.groupOf[operator]);
}

/** A group and those around it, from the subgraph inwards. */
export function pathTo(hierarchy: Hierarchy, group: number): number[] {
  const path: number[] = [];
  for (let id = group; id >= 0; id = hierarchy.groups[id].parent) path.push(id);
  return path.reverse();
}

/**
 * The groups to open at first: level by level as long as some sixty boxes come of it. A level opens as a whole, since some
 * of its groups open and others not would look like a difference between them; only a group that holds most of the
 * operators is opened by itself.
 */
export function openAtFirst(hierarchy: Hierarchy, root: number, enough = 64): Set<number> {
  const open = new Set<number>();
  let boxes = hierarchy.groups[root].children.length;
  let level = innerGroups(hierarchy, root);
  while (level.length > 0) {
    const more = (groups: number[]): number =>
      groups.reduce((sum, group) => sum + hierarchy.groups[group].children.length, 0);
    const most = level.filter((group) => 2 * sizeOf(hierarchy, group) > sizeOf(hierarchy, root));
    const opened = [level, most].find((groups) => groups.length > 0 && boxes + more(groups) <= enough) ?? [];
    for (const group of opened) open.add(group);
    boxes += more(opened);
    level = opened.flatMap((group) => innerGroups(hierarchy, group));
  }
  return open;
}

function innerGroups(hierarchy: Hierarchy, group: number): number[] {
  return hierarchy.groups[group].children.filter((child) => child < 0).map((child) => ~child);
}

function sizeOf(hierarchy: Hierarchy, group: number): number {
  return hierarchy.groups[group].end - hierarchy.groups[group].start;
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

function scopeGroups(model: Model, host: Int32Array): Group[] {
  const groups: Group[] = [];
  for (const [i, name] of model.subgraphNames.entries()) {
    const signature = model.signatures.find(({ subgraph }) => subgraph === i);
    newGroup(groups, 'subgraph', -1, name || (signature?.key ?? `subgraph ${i}`), 0);
  }
  const inside: (Map<string, Group> | undefined)[] = [];
  const enter = (group: Group, component: string): Group => {
    const known = (inside[group.id] ??= new Map<string, Group>());
    let child = known.get(component);
    if (child === undefined) {
      child = newGroup(groups, 'scope', group.id, component, group.depth + 1);
      known.set(component, child);
      group.children.push(~child.id);
    }
    return child;
  };
  for (let graph = 0; graph < model.subgraphNames.length; graph++) {
    for (let op = model.subgraphOperators[graph]; op < model.subgraphOperators[graph + 1]; op++) {
      if (host[op] >= 0) continue;
      let group = groups[graph];
      for (const component of scopeOf(operatorName(model, op)).path) group = enter(group, component);
      group.children.push(op);
    }
  }
  return groups;
}

/** Rearranges every level through which data does not flow in one direction, from the outermost in. */
function straightenLevels(groups: Group[], hasher: Hasher): void {
  const sizes = new Map<number, number>();
  for (let id = groups.length - 1; id >= 0; id--) {
    const size = groups[id].children.reduce((sum, child) => sum + (child < 0 ? sizes.get(~child)! : 1), 0);
    sizes.set(id, size);
  }
  const sizeOf = (child: number): number => (child < 0 ? sizes.get(~child)! : 1);
  const kept = new Set<number>();
  const pending = groups.filter(({ parent }) => parent < 0);
  for (let group = pending.pop(); group !== undefined; group = pending.pop()) {
    kept.add(group.id);
    group.children = straighten(
      group.children,
      (children) => hasher.links(children, groups),
      sizeOf,
      (child) => groups[~child].children,
    );
    for (const child of group.children)
      if (child < 0) {
        groups[~child].parent = group.id;
        pending.push(groups[~child]);
      }
  }
  for (const group of groups) if (!kept.has(group.id)) group.children = [];
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
    const signature = signatures.get(hash) ?? signatures.size + 1;
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
    if (top.children.length > MAX_LEVEL) {
      const children = inOrderOfData(hasher, groups, top.children);
      adopt(
        groups,
        top,
        partition(children, symbolOf, typeOf, (part) => hasher.widths(part, groups)),
        sign,
      );
    }
    top.signature = sign(top);
  }
}

/**
 * The children sorted so that data flows forward: groups by name may be interleaved in the file, and runs of neighbours
 * cut from such an order would feed each other in circles.
 */
function inOrderOfData(hasher: Hasher, groups: Group[], children: number[]): number[] {
  const { source, target } = hasher.links(children, groups);
  return Array.from(topologicalOrder(children.length, source, target).order, (at) => children[at]);
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
function finish(model: Model, all: Group[], host: Int32Array): Hierarchy {
  const folded = foldedInto(host);
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
  const keep = (old: Group, parent: number): Group => {
    const group: Group = { ...old, id: groups.length, parent, children: [], start: count };
    groups.push(group);
    return group;
  };
  const roots = all.slice(0, model.subgraphNames.length).map((old) => ({ old, group: keep(old, -1) }));
  for (const root of roots) {
    const open = [root];
    root.group.start = count;
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const { old, group } = at;
      if (group.children.length === old.children.length) {
        group.end = count;
        open.pop();
        continue;
      }
      const child = old.children[group.children.length];
      if (child < 0) {
        const inner = { old: all[~child], group: keep(all[~child], group.id) };
        group.children.push(~inner.group.id);
        open.push(inner);
      } else {
        group.children.push(child);
        for (const op of rowOf(folded, child)) append(op, group.id);
        append(child, group.id);
      }
    }
  }
  const hierarchy: Hierarchy = { groups, groupOf, host, order, place };
  nameStructure(model, hierarchy);
  return hierarchy;
}

/** For every operator those that are folded into it. */
function foldedInto(host: Int32Array): Csr {
  const operators: number[] = [];
  for (let op = 0; op < host.length; op++) if (host[op] >= 0) operators.push(op);
  return csrFromPairs(
    host.length,
    operators.map((op) => host[op]),
    operators,
  );
}

/** Names for groups that no scope named: blocks are counted, ranges called after their ends. */
function nameStructure(model: Model, hierarchy: Hierarchy): void {
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
    const nameOf = (child: number): string =>
      child < 0 ? groups[~child].name : operatorLabel(model, hierarchy, child);
    const [first, last] = [nameOf(group.children[0]), nameOf(group.children.at(-1)!)];
    group.name = `${first.split(' – ')[0]} – ${last.split(' – ').at(-1)!}`;
  }
}
