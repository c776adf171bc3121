import { useMemo } from 'preact/hooks';
import type { Loaded } from '../state/store.ts';
import { pathTo } from '../graph/hierarchy.ts';
import { boxOf } from '../graph/items.ts';
import { useStore } from './context.ts';
import { Fact, Facts, Section } from './figures.tsx';
import { GroupLens } from './lens-figures.tsx';
import { OperatorTypes } from './types.tsx';

const KIND: Record<string, string> = {
  subgraph: 'Subgraph',
  scope: 'Group by name',
  block: 'Repeated block',
  range: 'Run of neighbours',
};

export function GroupPanel({ loaded, id }: { loaded: Loaded; id: number }) {
  const store = useStore();
  const { hierarchy } = loaded;
  const group = hierarchy.groups[id];
  const equal = useMemo(
    () => hierarchy.groups.filter(({ signature }) => signature === group.signature),
    [hierarchy, group],
  );
  const isOpen = store.open.value.has(id);
  const isShown =
    store.scene.value !== null && boxOf(store.scene.value, hierarchy, { kind: 'group', id }) >= 0;
  return (
    <article>
      <header class="item-head">
        <h2>{group.name}</h2>
      </header>
      <p class="path">
        {pathTo(hierarchy, id)
          .slice(0, -1)
          .map((outer) => (
            <button
              key={outer}
              type="button"
              class="link"
              onClick={() => void store.goTo({ kind: 'group', id: outer })}
            >
              {hierarchy.groups[outer].name}
            </button>
          ))}
      </p>
      <Facts>
        <Fact name="Kind">{KIND[group.kind]}</Fact>
        <Fact name="Operators">{(group.end - group.start).toLocaleString('en')}</Fact>
        {equal.length > 1 && (
          <Fact name="Equal groups" title="The same operator types, shapes and types in the same order">
            {equal.length}{' '}
            <button
              type="button"
              class="link"
              onClick={() => store.select(equal.map((other) => ({ kind: 'group', id: other.id })))}
            >
              select all
            </button>
          </Fact>
        )}
      </Facts>
      <p class="actions">
        {id !== store.root.value && (group.parent >= 0 || isShown) && (
          <button type="button" onClick={() => void store.toggle(id)}>
            {isOpen ? 'Close' : 'Open'}
          </button>
        )}
        {id !== store.root.value && (
          <button type="button" onClick={() => void store.enter(id)}>
            Show alone
          </button>
        )}
      </p>
      <GroupLens loaded={loaded} group={group} equal={equal} />
      <Section title="Operator types">
        <OperatorTypes loaded={loaded} start={group.start} end={group.end} />
      </Section>
    </article>
  );
}
