import type { Loaded } from '../state/store.ts';
import type { Item } from '../graph/items.ts';
import { useStore } from './context.ts';
import { DelegateReasons } from './delegate-reasons.tsx';
import { Many, OperatorLink, TensorLink } from './links.tsx';

export function SelectionSummary({ loaded, items }: { loaded: Loaded; items: readonly Item[] }) {
  const store = useStore();
  const { model, hierarchy } = loaded;
  const operators = items.flatMap(({ kind, id }) => (kind === 'operator' ? [id] : []));
  return (
    <article>
      <header class="item-head">
        <h2>{items.length.toLocaleString('en')} selected</h2>
        <button type="button" class="link" onClick={() => store.select([])}>
          clear
        </button>
      </header>
      <DelegateReasons loaded={loaded} operators={operators} />
      <Many
        items={items}
        show={100}
        render={({ kind, id }) => (
          <div key={`${kind} ${id}`}>
            {kind === 'operator' && <OperatorLink model={model} id={id} />}
            {kind === 'tensor' && <TensorLink model={model} id={id} />}
            {kind === 'group' && (
              <button type="button" class="link" onClick={() => void store.goTo({ kind, id })}>
                {hierarchy.groups[id].name}
              </button>
            )}
          </div>
        )}
      />
    </article>
  );
}
