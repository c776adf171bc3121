/** Items as the URL holds them: `o10`, `g3`, `t7`. */
import type { Item, ItemKind } from '../graph/items.ts';

const LETTERS: Record<ItemKind, string> = { operator: 'o', group: 'g', tensor: 't' };
const KINDS: Record<string, ItemKind> = { o: 'operator', g: 'group', t: 'tensor' };

export function encodeItem({ kind, id }: Item): string {
  return `${LETTERS[kind]}${id}`;
}

/** None for what is no item. */
export function decodeItem(text: string): Item[] {
  const found = /^([ogt])(\d{1,9})$/.exec(text);
  return found === null ? [] : [{ kind: KINDS[found[1]], id: Number(found[2]) }];
}
