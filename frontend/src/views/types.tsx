/** Operator types by count: a histogram whose rows select their operators in the graph. */
import { useComputed } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import { formatCount, formatPercent } from '../lib/format.ts';
import { useStore } from './context.ts';
import { Bar, FamilyDot, useTheme } from './figures.tsx';

export function OperatorTypes({ loaded, start, end }: { loaded: Loaded; start: number; end: number }) {
  const store = useStore();
  const theme = useTheme();
  const { model, hierarchy } = loaded;
  const counts = new Map<number, number>();
  for (let at = start; at < end; at++) {
    const type = model.operatorType[hierarchy.order[at]];
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const most = rows[0]?.[1] ?? 1;
  const selected = useComputed(
    () => new Set(store.selection.value.filter((i) => i.kind === 'operator').map((i) => i.id)),
  );
  const choose = (type: number): void => {
    const operators = hierarchy.order.subarray(start, end).filter((op) => model.operatorType[op] === type);
    store.selectMany([...operators].sort((a, b) => a - b));
  };
  const isChosen = (type: number, count: number): boolean => {
    const { value } = selected;
    if (value.size !== count) return false;
    for (const op of value) if (model.operatorType[op] !== type) return false;
    return true;
  };
  return (
    <ul class="types">
      {rows.map(([type, count]) => (
        <li key={type}>
          <button
            type="button"
            class={isChosen(type, count) ? 'row current' : 'row'}
            title={`Select the ${count} in the graph`}
            onClick={() => choose(type)}
          >
            <FamilyDot family={model.typeFamilies[type]} />
            <span class="name">{model.operatorTypes[type]}</span>
            <Bar share={count / most} color={theme.families[model.typeFamilies[type]].strong} />
            <span class="number">{formatCount(count)}</span>
            <span class="number muted share">{formatPercent(count / (end - start))}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
