import type { Loaded } from '../state/store.ts';
import type { Item } from '../graph/items.ts';
import { tensorText } from '../graph/boxes.ts';
import { rowOf } from '../wire/csr.ts';
import { useStore } from './context.ts';
import { lensText } from './lens-figures.tsx';
import { operatorName, operatorTypeName, tensorName } from '../wire/model.ts';

export interface Hovered {
  item: Item;
  x: number;
  y: number;
}

const LINES = 6;

/** What is under the pointer, in words, for boxes whose text is cut off or too small. */
export function HoverCard({ loaded, hovered }: { loaded: Loaded; hovered: Hovered }) {
  const { title, lines } = describe(loaded, hovered.item);
  const lens = useStore().lens.lens.value;
  return (
    <div
      class="hover-card"
      style={{ left: `${hovered.x + 14}px`, top: `${hovered.y + 14}px` }}
      role="tooltip"
    >
      <b>{title}</b>
      {lines.map((line, i) => (
        <div key={i} class="muted">
          {line}
        </div>
      ))}
      {hovered.item.kind !== 'tensor' && lens !== null && <div>{lensText(lens, loaded, hovered.item)}</div>}
    </div>
  );
}

function describe({ model, hierarchy }: Loaded, { kind, id }: Item): { title: string; lines: string[] } {
  if (kind === 'tensor') return { title: tensorName(model, id), lines: [tensorText(model, id)] };
  if (kind === 'group') {
    const group = hierarchy.groups[id];
    return {
      title: group.name,
      lines: [`${group.end - group.start} operators`, 'double-click to open or close'],
    };
  }
  const constants = [...rowOf(model.inputs, id)].filter(
    (tensor) => tensor >= 0 && model.constantBytes[tensor] > 0,
  );
  return {
    title: `${operatorTypeName(model, id)} #${id}`,
    lines: [
      operatorName(model, id),
      ...[...rowOf(model.outputs, id)]
        .slice(0, LINES)
        .map((tensor) => (tensor < 0 ? '' : tensorText(model, tensor))),
      ...constants.slice(0, LINES).map((tensor) => `constant ${tensorText(model, tensor)}`),
      ...(model.controlFlow.has(id) ? ['double-click to go into its subgraph'] : []),
    ],
  };
}
