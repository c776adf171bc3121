import { useEffect, useRef } from 'preact/hooks';
import type { Loaded } from '../state/store.ts';
import type { Matched } from '../table/tables.ts';
import { tensorText } from '../graph/boxes.ts';
import { operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { useStore } from './context.ts';
import { FamilyDot } from './figures.tsx';

const SHOWN = 200;

export interface Results {
  operators: Int32Array;
  /** Those that no operator makes: inputs and constants. The others are found by their operators. */
  tensors: Int32Array;
}

export function resultsOf(model: Model, { operators, tensors }: Matched): Results {
  return { operators, tensors: tensors.filter((tensor) => model.producer[tensor] < 0) };
}

interface Props {
  loaded: Loaded;
  results: Results;
  active: number;
}

export function FilterResults({ loaded: { model }, results: { operators, tensors }, active }: Props) {
  const store = useStore();
  const list = useRef<HTMLDivElement>(null);
  useEffect(
    () => list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }),
    [active],
  );
  const total = operators.length + tensors.length;
  const start = Math.max(0, Math.min(active - SHOWN / 2, total - SHOWN));
  const rows = Array.from({ length: Math.min(SHOWN, total) }, (_, i) => start + i);
  return (
    <div class="results">
      <p class="muted" role="status">
        {operators.length.toLocaleString('en')} operators, {tensors.length.toLocaleString('en')} inputs and
        constants
      </p>
      <div class="list" id="search-results" role="listbox" aria-label="Results" ref={list}>
        {rows.map((row) => {
          const isOperator = row < operators.length;
          const id = isOperator ? operators[row] : tensors[row - operators.length];
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
