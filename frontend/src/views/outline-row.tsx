/** A line of the outline: its place in the tree, its name, hits of the filter, and the figure of the lens. */
import { operatorLabel } from '../graph/hierarchy.ts';
import type { Lens } from '../lens/lens.ts';
import { formatCount } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import type { OutlineRows } from '../outline/rows.ts';
import type { Loaded } from '../state/store.ts';
import { operatorTypeName } from '../wire/model.ts';
import { LINE_HEIGHT } from './outline-sizes.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { Swatch } from './swatch.tsx';

interface Props {
  loaded: Loaded;
  rows: OutlineRows;
  row: number;
  /** Matching operators of each group, null where nothing is filtered. */
  hits: Int32Array | null;
  isExpanded: boolean;
  isSelected: boolean;
  isActive: boolean;
  onToggle: (group: number, isOpen: boolean) => void;
  onChoose: (add: boolean) => void;
}

const INDENT = 12;

export function OutlineRow(props: Props) {
  const { loaded, rows, row, hits, isExpanded, isSelected, isActive, onToggle, onChoose } = props;
  const { filter, lens } = useStore();
  const item = rows.item[row];
  const isGroup = item < 0;
  const found = hits === null ? null : isGroup ? hits[~item] : filter.operatorMask.value![item];
  const classes = ['line', isSelected && 'chosen', isActive && 'active', found === 0 && 'faded'];
  return (
    // The tree has the focus and the keys: https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_focus_activedescendant
    <div
      id={`outline-${item}`}
      class={classes.filter(Boolean).join(' ')}
      role="treeitem"
      tabIndex={-1}
      aria-level={rows.level[row]}
      aria-setsize={rows.siblings[row]}
      aria-posinset={rows.place[row]}
      aria-expanded={isGroup ? isExpanded : undefined}
      aria-selected={isSelected}
      style={{
        transform: `translateY(${row * LINE_HEIGHT}px)`,
        paddingLeft: `${4 + INDENT * (rows.level[row] - 1)}px`,
      }}
      onClick={(event) => onChoose(event.shiftKey || event.ctrlKey || event.metaKey)}
      onKeyDown={() => undefined}
    >
      {isGroup ? (
        <span
          class="twist"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onToggle(~item, !isExpanded);
          }}
        >
          {isExpanded ? '▾' : '▸'}
        </span>
      ) : (
        <OperatorDot lens={lens.lens.value} operator={item} />
      )}
      <Name loaded={loaded} item={item} />
      {isGroup && found !== null && found > 0 && (
        <span class="hits" title={`${found} match the filter`}>
          {formatCount(found)}
        </span>
      )}
      {!isGroup && found === 1 && <span class="hits" title="matches the filter" />}
      <span class="number muted">{figure(loaded, lens.lens.value, item)}</span>
    </div>
  );
}

function OperatorDot({ lens, operator }: { lens: Lens | null; operator: number }) {
  const theme = useTheme();
  return lens === null ? null : <Swatch swatch={lens.palette(theme)[lens.color[operator]]} />;
}

function Name({ loaded: { model, hierarchy }, item }: { loaded: Loaded; item: number }) {
  if (item < 0) return <span class="name">{hierarchy.groups[~item].name}</span>;
  return (
    <span class="name">
      <b>{operatorTypeName(model, item)}</b>{' '}
      <span class="muted">{operatorLabel(model, hierarchy, item)}</span>
    </span>
  );
}

/** Of groups the sum of the lens, or how many operators they have; of operators the value of a quantity. */
function figure({ hierarchy }: Loaded, lens: Lens | null, item: number): string {
  if (lens?.kind !== 'quantity') {
    if (item >= 0) return '';
    const { start, end } = hierarchy.groups[~item];
    return formatCount(end - start);
  }
  const { unit } = lens.column;
  if (item >= 0) return formatQuantity(lens.shown[item], unit);
  const sum = lens.rollUp.sum(hierarchy.groups[~item]);
  return Number.isNaN(sum) ? '' : formatQuantity(sum, unit);
}
