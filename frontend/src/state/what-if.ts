/** The delegate that the Delegates tab shows, what it is imagined to take besides, and the partitions of that on the graph. */
import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { askedOf, chosenOf, decodeWhatIf, encodeWhatIf, queryOf, WHAT_IF } from '../delegates/what-if.ts';
import { delegateOfLens } from '../delegates/verdicts.ts';
import type { Source } from '../host/source.ts';
import { decodeReport, type Report } from '../wire/report.ts';
import type { Loaded } from './store.ts';

interface Surroundings {
  source: Source;
  loaded: ReadonlySignal<Loaded | null>;
  /** What the graph is coloured by. */
  lens: Signal<string | null>;
  /** The choice has changed: the URL follows. */
  remember: () => void;
}

/** Delegates whose partitions are a report of their own, which a report in a file has too. */
const REPORTED: Partial<Record<string, string>> = { xnnpack: 'partition_xnnpack', gpu: 'partition_gpu' };

export function createWhatIf({ source, loaded, lens, remember }: Surroundings) {
  /** Null for the first. */
  const delegate = signal<string | null>(null);
  const chosen = signal<ReadonlySet<number>>(new Set());
  /** Whose times are used; null for the newest. */
  const profile = signal<string | null>(null);
  /** Verdicts and reasons of delegates as they are: of those that were looked at, as far as they can be had. */
  const reasons = signal<ReadonlyMap<string, Report>>(new Map());
  /** What the tab shows, chosen or the first. */
  const looked = signal<string | null>(null);

  const asked = computed(() => (loaded.value === null ? null : askedOf(chosen.value, loaded.value.model)));

  // The graph shows the partitions of the what-if: they follow the choice, and a link brings them back.
  effect(() => {
    const now = loaded.value;
    if (now === null || asked.value === null || lens.value?.startsWith(`${WHAT_IF}.`) !== true) return;
    const [name, query] = [delegate.value, queryOf(asked.value, null)];
    now.reports.bring(WHAT_IF, () =>
      name === null
        ? Promise.reject(new Error('no what-if was chosen; the Delegates tab has them'))
        : source.whatIfPartitions(now.id, name, query),
    );
  });

  // Coloured by a delegate's verdicts the graph gives its reasons too.
  effect(() => {
    const name = delegateOfLens(lens.value);
    if (loaded.value !== null && name !== null) void explain(name);
  });

  // Between two models there is none.
  effect(() => {
    if (loaded.value === null) reasons.value = new Map();
  });

  /** What the URL holds: nothing as long as nothing was chosen. */
  function encoded(): string | null {
    if (delegate.value === null || asked.value === null) return null;
    return encodeWhatIf(delegate.value, asked.value);
  }

  /** Takes over what the URL says of the model that is now there. */
  function restore(text: string | null, now: Loaded): void {
    const found = text === null ? null : decodeWhatIf(text);
    batch(() => {
      delegate.value = found?.delegate ?? null;
      chosen.value = found === null ? new Set() : chosenOf(found.asked, now.model);
      profile.value = null;
    });
  }

  /** Shows a delegate; what another one was imagined to take is forgotten. */
  function show(name: string): void {
    if (name === delegate.peek()) return;
    batch(() => {
      delegate.value = name;
      chosen.value = new Set();
    });
    remember();
  }

  /** Has the delegate that is looked at take these operators besides. */
  function choose(operators: ReadonlySet<number>): void {
    batch(() => {
      delegate.value ??= looked.peek();
      chosen.value = operators;
    });
    remember();
  }

  /** The tab shows this delegate. */
  function look(name: string): void {
    looked.value = name;
    void explain(name);
  }

  /** Fetches what a delegate makes of each operator. Where that cannot be had, nothing is said of it. */
  async function explain(name: string): Promise<void> {
    const now = loaded.peek();
    if (now === null || reasons.peek().has(name)) return;
    const reported = REPORTED[name];
    try {
      const report =
        reported === undefined
          ? decodeReport(await source.whatIfPartitions(now.id, name, ''))
          : await now.reports.ask(reported);
      if (loaded.peek() === now) reasons.value = new Map([...reasons.peek(), [name, report]]);
    } catch {
      // It is not in the list, and asked for again when it is looked at again.
    }
  }

  /** The column that outlines a delegate's partitions as it is; null where only a what-if has them. */
  function outlineOf(name: string): string | null {
    const reported = REPORTED[name];
    return reported === undefined ? null : `${reported}.partition`;
  }

  return {
    delegate,
    chosen,
    asked,
    profile,
    reasons,
    looked,
    encoded,
    restore,
    show,
    choose,
    look,
    outlineOf,
  };
}
