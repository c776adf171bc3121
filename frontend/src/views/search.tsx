import { useEffect, useRef } from 'preact/hooks';
import type { Matches } from '../graph/search.ts';
import { tensorText } from '../graph/boxes.ts';
import { operatorName, operatorTypeName, tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { FamilyDot } from './figures.tsx';

const SHOWN = 200;

export function SearchResults({ matches, active }: { matches: Matches; active: number }) {
  const store = useStore();
  const list = useRef<HTMLDivElement>(null);
  useEffect(
    () => list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }),
    [active],
  );
  const loaded = store.loaded.value;
  if (loaded === null) return null;
  const { model } = loaded;
  const total = matches.operators.length + matches.tensors.length;
  const start = Math.max(0, Math.min(active - SHOWN / 2, total - SHOWN));
  const rows = Array.from({ length: Math.min(SHOWN, total) }, (_, i) => start + i);
  return (
    <div class="results">
      <p class="muted" role="status">
        {matches.operators.length.toLocaleString('en')} operators,{' '}
        {matches.tensors.length.toLocaleString('en')} inputs and constants
      </p>
      <div class="list" id="search-results" role="listbox" aria-label="Results" ref={list}>
        {rows.map((row) => {
          const isOperator = row < matches.operators.length;
          const id = isOperator ? matches.operators[row] : matches.tensors[row - matches.operators.length];
          return (
            <div
              key={row}
              id={`result-${row}`}
              role="option"
              aria-selected={row === active}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => void store.goTo({ kind: isOperator ? 'operator' : 'tensor', id })}
              onKeyDown={() => undefined}
            >
              {isOperator ? (
                <>
                  <FamilyDot family={model.typeFamilies[model.operatorType[id]]} />
                  <b>{operatorTypeName(model, id)}</b> <span class="muted">#{id}</span>{' '}
                  {operatorName(model, id)}
                </>
              ) : (
                <>
                  <span class="dot hollow" />
                  {tensorName(model, id)} <span class="muted">{tensorText(model, id)}</span>
                </>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
