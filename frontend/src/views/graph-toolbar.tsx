import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { openableIn } from '../graph/calls.ts';
import type { GraphController } from '../graph/controller.ts';
import { pathTo } from '../graph/hierarchy.ts';
import { callerOf, groupsToOpen } from '../state/navigation.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { GraphMenu } from './graph-menu.tsx';
import { nameOf } from './graph-words.ts';

interface Props {
  loaded: Loaded;
  controller: RefObject<GraphController | null>;
  mapFolded: Signal<boolean>;
}

export function GraphToolbar({ loaded, controller, mapFolded }: Props) {
  const store = useStore();
  const { model, hierarchy } = loaded;
  const openable = openableIn(model, hierarchy, store.root.value);
  return (
    <div class="toolbar">
      <EntryChooser loaded={loaded} />
      <Breadcrumbs loaded={loaded} />
      <div class="spacer" />
      {openable.length > 0 && (
        <>
          <button type="button" title="Open all groups (e)" onClick={() => void store.setOpen(openable)}>
            Open all
          </button>
          <button type="button" title="Close all groups (c)" onClick={() => void store.setOpen([])}>
            Close all
          </button>
          <button
            type="button"
            title="Show all operators without groups (x)"
            aria-pressed={store.flat.value}
            onClick={() => void store.setFlat(!store.flat.value)}
          >
            Flatten
          </button>
        </>
      )}
      <GraphMenu loaded={loaded} controller={controller} mapFolded={mapFolded} />
    </div>
  );
}

/** Signatures and subgraphs; shown when there is a choice. */
function EntryChooser({ loaded: { model, hierarchy } }: { loaded: Loaded }) {
  const store = useStore();
  if (model.subgraphNames.length < 2) return null;
  const current = pathTo(hierarchy, store.root.value)[0];
  const keys = (subgraph: number): string =>
    model.signatures
      .filter((signature) => signature.subgraph === subgraph)
      .map(({ key }) => key)
      .join(', ');
  return (
    <label class="chooser">
      <span class="visually-hidden">Signature or subgraph</span>
      <select value={current} onChange={(event) => void store.enter(Number(event.currentTarget.value))}>
        {model.subgraphNames.map((name, subgraph) => (
          <option key={subgraph} value={subgraph}>
            {keys(subgraph) === ''
              ? name || `subgraph ${subgraph}`
              : `${keys(subgraph)} (${name || subgraph})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Breadcrumbs({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { hierarchy, model } = loaded;
  const path = pathTo(hierarchy, store.root.value);
  const caller = callerOf(model, path[0]);
  return (
    <nav class="breadcrumbs" aria-label="Place in the graph">
      {caller !== null && (
        <button
          type="button"
          class="link"
          title="Back to the operator that runs this subgraph (Backspace)"
          onClick={() => void store.goTo({ kind: 'operator', id: caller.operator })}
        >
          ‹ {model.operatorTypes[model.operatorType[caller.operator]]} #{caller.operator} {caller.role}
        </button>
      )}
      {path.map((group, i) =>
        i === path.length - 1 ? (
          <span key={group} aria-current="location">
            {hierarchy.groups[group].name || 'model'}
          </span>
        ) : (
          <button key={group} type="button" class="link" onClick={() => void store.enter(group)}>
            {hierarchy.groups[group].name}
          </button>
        ),
      )}
      <SelectionPath loaded={loaded} />
    </nav>
  );
}

/** The groups between the view and what is selected in it, and that. */
function SelectionPath({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const item = store.primary.value;
  if (item === null) return null;
  const around = groupsToOpen(loaded.model, loaded.hierarchy, item);
  const at = around.indexOf(store.root.value);
  if (at < 0) return null;
  return (
    <>
      {around.slice(at + 1).map((group) => (
        <button
          key={group}
          type="button"
          class="link"
          title="Select this group"
          onClick={() => void store.goTo({ kind: 'group', id: group })}
        >
          {loaded.hierarchy.groups[group].name}
        </button>
      ))}
      <span class="selected">{nameOf(loaded, item)}</span>
    </>
  );
}
