/** Items of the graph in words. */
import { pathTo } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName, tensorName } from '../wire/model.ts';

/** In a few words: `CONV_2D #10`. */
export function nameOf({ model, hierarchy }: Loaded, { kind, id }: Item): string {
  if (kind === 'operator') return `${operatorTypeName(model, id)} #${id}`;
  return kind === 'group' ? hierarchy.groups[id].name : tensorName(model, id) || `tensor ${id}`;
}

/** In full, as a screen reader says it. */
export function describe({ model, hierarchy }: Loaded, { kind, id }: Item): string {
  if (kind === 'tensor') return `Tensor ${tensorName(model, id)}`;
  if (kind === 'operator')
    return `${operatorTypeName(model, id)}, operator ${id}, ${operatorName(model, id)}`;
  const group = hierarchy.groups[id];
  return `Group ${group.name}, ${group.end - group.start} operators`;
}

/** The groups that a group stands in, and it: `main layers 3 attention`. */
export function hierarchyPath({ hierarchy }: Loaded, group: number): string {
  return pathTo(hierarchy, group)
    .map((id) => hierarchy.groups[id].name)
    .join(' ');
}
