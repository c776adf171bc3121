/** Names of operators and tensors that lead to them. */
import { tensorText } from '../graph/boxes.ts';
import { operatorFamily, operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { useStore } from './context.ts';
import { FamilyDot } from './figures.tsx';

export function OperatorLink({ model, id }: { model: Model; id: number }) {
  const store = useStore();
  return (
    <button
      type="button"
      class="link"
      title={operatorName(model, id)}
      onClick={() => void store.goTo({ kind: 'operator', id })}
    >
      <FamilyDot family={operatorFamily(model, id)} />
      {operatorTypeName(model, id)} <span class="muted">#{id}</span>
    </button>
  );
}

export function TensorLink({ model, id }: { model: Model; id: number }) {
  const store = useStore();
  return (
    <button type="button" class="link wrap" onClick={() => void store.goTo({ kind: 'tensor', id })}>
      {tensorName(model, id) || `tensor ${id}`}
    </button>
  );
}

export function TensorType({ model, id }: { model: Model; id: number }) {
  return <span class="tensor-type">{tensorText(model, id)}</span>;
}

export function SubgraphLink({ name, id }: { name: string; id: number }) {
  const store = useStore();
  return (
    <button type="button" class="link" onClick={() => void store.enter(id)}>
      {name === '' ? `subgraph ${id}` : name} →
    </button>
  );
}

/** A list that starts short. */
export function Many<T>({
  items,
  show,
  render,
}: {
  items: readonly T[];
  show: number;
  render: (item: T) => preact.JSX.Element;
}) {
  const first = items.slice(0, show);
  const rest = items.slice(show, show + 500);
  return (
    <>
      {first.map(render)}
      {rest.length > 0 && (
        <details>
          <summary>{items.length - show} more</summary>
          {rest.map(render)}
        </details>
      )}
    </>
  );
}
