/** The outline: the tree of subgraphs, groups and operators as the list of lines that are open. */
import type { Hierarchy } from '../graph/hierarchy.ts';

/** One entry per line, from the top. */
export interface OutlineRows {
  /** Operators as their ids, groups as ~id. */
  item: Int32Array;
  /** 1 for subgraphs. */
  level: Int32Array;
  /** Place among the lines of the same parent, from 1, and how many these are. */
  place: Int32Array;
  siblings: Int32Array;
}

export function outlineRows(hierarchy: Hierarchy, expanded: ReadonlySet<number>): OutlineRows {
  const roots = hierarchy.groups.filter(({ parent }) => parent < 0).map(({ id }) => ~id);
  const rows = {
    item: [] as number[],
    level: [] as number[],
    place: [] as number[],
    siblings: [] as number[],
  };
  const open = [{ children: roots, next: 0 }];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    if (at.next === at.children.length) {
      open.pop();
      continue;
    }
    const item = at.children[at.next++];
    rows.item.push(item);
    rows.level.push(open.length);
    rows.place.push(at.next);
    rows.siblings.push(at.children.length);
    if (item < 0 && expanded.has(~item)) open.push({ children: hierarchy.groups[~item].children, next: 0 });
  }
  return {
    item: Int32Array.from(rows.item),
    level: Int32Array.from(rows.level),
    place: Int32Array.from(rows.place),
    siblings: Int32Array.from(rows.siblings),
  };
}

/** The line of the parent, -1 for the outermost. */
export function parentRow({ level }: OutlineRows, row: number): number {
  for (let at = row - 1; at >= 0; at--) if (level[at] < level[row]) return at;
  return -1;
}

/** How many operators of each group match; null where nothing is filtered. */
export function hitsIn(hierarchy: Hierarchy, mask: Uint8Array | null): Int32Array | null {
  if (mask === null) return null;
  const before = new Int32Array(hierarchy.order.length + 1);
  for (let at = 0; at < hierarchy.order.length; at++) before[at + 1] = before[at] + mask[hierarchy.order[at]];
  return Int32Array.from(hierarchy.groups, ({ start, end }) => before[end] - before[start]);
}
