import { useSignal } from '@preact/signals';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { FamilyDot } from './figures.tsx';

/** The families that occur in the view; a click selects their operators. */
export function Legend({ loaded: { model, hierarchy } }: { loaded: Loaded }) {
  const store = useStore();
  const folded = useSignal(false);
  const { start, end } = hierarchy.groups[store.root.value];
  const counts = new Map<string, number>();
  for (let at = start; at < end; at++) {
    const family = model.typeFamilies[model.operatorType[hierarchy.order[at]]];
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  const families = model.families.filter((family) => counts.has(family));
  if (families.length < 2) return null;
  const choose = (family: string): void =>
    store.selectMany(
      [...hierarchy.order.subarray(start, end)].filter(
        (op) => model.typeFamilies[model.operatorType[op]] === family,
      ),
    );
  return (
    <div class="legend">
      <button
        type="button"
        class="plain"
        aria-expanded={!folded.value}
        onClick={() => (folded.value = !folded.value)}
      >
        Families {folded.value ? '▴' : '▾'}
      </button>
      {!folded.value &&
        families.map((family) => (
          <button
            key={family}
            type="button"
            class="plain"
            title={`Select the ${counts.get(family) ?? 0}`}
            onClick={() => choose(family)}
          >
            <FamilyDot family={family} /> {family}
          </button>
        ))}
    </div>
  );
}
