/** Which column the graph is coloured by. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { familyLens, isLensColumn, lensOf, type Lens } from '../lens/lens.ts';
import { WHAT_IF } from '../delegates/what-if.ts';
import type { Loaded } from './store.ts';

export type LensState = ReturnType<typeof createLens>;

export function createLens(loaded: ReadonlySignal<Loaded | null>) {
  /** `report.column`; null for the family of the operator type. */
  const id = signal<string | null>(null);
  /** Whether the scale is logarithmic; null leaves it to the values. */
  const log = signal<boolean | null>(null);

  effect(() => {
    // A what-if's report does not come by its name: state/what-if.ts brings it.
    if (id.value !== null && reportOf(id.value) !== WHAT_IF)
      loaded.value?.reports.ask(reportOf(id.value)).catch(() => undefined); // its state tells
  });

  const families = computed(() => (loaded.value === null ? null : familyLens(loaded.value.model)));

  /** Families as long as what was chosen is not there. */
  const lens = computed<Lens | null>(() => {
    const now = loaded.value;
    if (now === null || id.value === null) return families.value;
    const found = now.reports.operators.value.find((column) => column.id === id.value);
    if (found === undefined || !isLensColumn(found.column)) return families.value;
    return lensOf(found.id, found.filterName, found.column, now.hierarchy, log.value);
  });

  /** Why the chosen lens is not shown: it is on its way, or an error. Null when it is shown. */
  const trouble = computed<{ error: string | null } | null>(() => {
    const now = loaded.value;
    if (now === null || id.value === null || lens.value?.id === id.value) return null;
    const state = now.reports.states.value.get(reportOf(id.value));
    if (state?.report != null) return { error: `the report has no column ${id.value} to colour by` };
    return { error: state?.error ?? null };
  });

  return { id, log, lens, trouble };
}

export function reportOf(column: string): string {
  return column.slice(0, column.indexOf('.'));
}
