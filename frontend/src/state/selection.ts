/** What a selection comes to in operators or tensors. */
import type { Hierarchy } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import type { Over } from '../table/tables.ts';
import type { Model } from '../wire/model.ts';

/** Of every operator or tensor whether it is selected, 1 or 0; a selected group stands for the operators in it. */
export function selectedRows(
  model: Model,
  hierarchy: Hierarchy,
  selection: readonly Item[],
  over: Over,
): Uint8Array {
  const mask = new Uint8Array(over === 'operators' ? model.operatorCount : model.tensorCount);
  for (const { kind, id } of selection) {
    if (kind === 'tensor') {
      if (over === 'tensors') mask[id] = 1;
    } else if (over === 'operators') {
      if (kind === 'operator') mask[id] = 1;
      else {
        const { start, end } = hierarchy.groups[id];
        for (let at = start; at < end; at++) mask[hierarchy.order[at]] = 1;
      }
    }
  }
  return mask;
}
