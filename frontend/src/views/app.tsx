import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { useStore } from './context.ts';
import { Later } from './later.tsx';
import { GraphView } from './graph.tsx';
import { Help } from './help.tsx';
import { OutlineButton, OutlinePanel } from './outline.tsx';
import { Overview } from './overview.tsx';
import { Panel } from './panel.tsx';
import { EmptyState, FailureState, LoadingState } from './states.tsx';
import { TablePanel } from './table.tsx';
import { TopBar } from './topbar.tsx';
import { isTyping } from './keys.ts';
import type { Loaded } from '../state/store.ts';
import type { Tab } from '../state/url.ts';

const TABS: { id: Tab; name: string; key: string; icon: string }[] = [
  {
    id: 'graph',
    name: 'Graph',
    key: '1',
    icon: 'M5 3h6v4H9v2h6V7h-2V3h6v6h-2v3h2v6h-6v-6h2v-1H9v1h2v6H5v-6h2V9H5z',
  },
  { id: 'overview', name: 'Overview', key: '2', icon: 'M4 4h7v7H4zM13 4h7v4h-7zM13 10h7v10h-7zM4 13h7v7H4z' },
  {
    id: 'profile',
    name: 'Profile',
    key: '3',
    icon: 'M11 3h2v2.06A8 8 0 1 1 4.94 12H7a6 6 0 1 0 4-4.92zM12 12l5-5 1.4 1.4-5 5z',
  },
  {
    id: 'quantization',
    name: 'Quantization',
    key: '4',
    icon: 'M3 19h4v-5h4V9h4V5h6v2h-4v4h-4v5H9v5H3z',
  },
  { id: 'weights', name: 'Weights', key: '5', icon: 'M4 4h9v12H4zM14 4h6v6h-6zM14 11h6v9h-6zM4 17h9v3H4z' },
  {
    id: 'memory',
    name: 'Memory',
    key: '6',
    icon: 'M3 3h2v16h16v2H3zM7 13h6v4H7zM10 8h5v3h-5zM15 13h5v4h-5zM17 5h4v6h-4z',
  },
  {
    id: 'delegates',
    name: 'Delegates',
    key: '7',
    icon: 'M4 4h7v7H4zM6 6v3h3V6zM13 13h7v7h-7zM15 7h5v2h-5zM4 15h5v2H4z',
  },
];

export function App() {
  const store = useStore();
  const help = useSignal(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      if (event.key === '?') help.value = !help.value;
      const tab = TABS.find(({ key }) => key === event.key);
      if (tab !== undefined) store.setTab(tab.id);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [store, help]);
  return (
    <div class="app">
      <TopBar onHelp={() => (help.value = true)} />
      <div class="frame">
        <nav class="tabs" aria-label="Views">
          {TABS.map(({ id, name, key, icon }) => (
            <button
              key={id}
              type="button"
              class={store.tab.value === id ? 'tab current' : 'tab'}
              aria-current={store.tab.value === id ? 'page' : undefined}
              title={`${name} (${key})`}
              onClick={() => store.setTab(id)}
            >
              <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
                <path d={icon} />
              </svg>
              {name}
            </button>
          ))}
          {store.tab.value === 'graph' && store.loaded.value !== null && <OutlineButton />}
        </nav>
        <Content />
      </div>
      {help.value && <Help onClose={() => (help.value = false)} />}
    </div>
  );
}

/** In a chunk of its own: most visits do not open it. */
function Profile({ loaded }: { loaded: Loaded }) {
  return (
    <Later
      name="profile"
      load={() => import('./profile.tsx').then(({ ProfileView }) => ProfileView)}
      render={(ProfileView) => <ProfileView loaded={loaded} />}
    />
  );
}

function Weights({ loaded }: { loaded: Loaded }) {
  return (
    <Later
      name="weights"
      load={() => import('./weights.tsx').then(({ WeightsView }) => WeightsView)}
      render={(WeightsView) => <WeightsView loaded={loaded} />}
    />
  );
}

function Quantization({ loaded }: { loaded: Loaded }) {
  return (
    <Later
      name="quantization"
      load={() => import('./quantization.tsx').then(({ QuantizationView }) => QuantizationView)}
      render={(QuantizationView) => <QuantizationView loaded={loaded} />}
    />
  );
}

function Memory({ loaded }: { loaded: Loaded }) {
  return (
    <Later
      name="memory"
      load={() => import('./memory.tsx').then(({ MemoryView }) => MemoryView)}
      render={(MemoryView) => <MemoryView loaded={loaded} />}
    />
  );
}

function Delegates({ loaded }: { loaded: Loaded }) {
  return (
    <Later
      name="delegates"
      load={() => import('./delegates.tsx').then(({ DelegatesView }) => DelegatesView)}
      render={(DelegatesView) => <DelegatesView loaded={loaded} />}
    />
  );
}

function Content() {
  const store = useStore();
  const failure = store.failure.value ?? (store.listing.value === null ? store.listingFailure.value : null);
  if (failure !== null) return <FailureState failure={failure} onRetry={() => void retry()} />;
  if (store.loaded.value === null) {
    if (store.modelId.value === null && store.listing.value !== null)
      return <EmptyState listing={store.listing.value} />;
    return <LoadingState phase={store.phase.value ?? 'looking for models'} />;
  }
  const isTableFull = store.table.isFull.value && store.table.over.value !== null;
  return (
    <>
      {store.tab.value === 'overview' && <Overview loaded={store.loaded.value} />}
      {store.tab.value === 'profile' && <Profile key={store.loaded.value.id} loaded={store.loaded.value} />}
      {store.tab.value === 'weights' && <Weights key={store.loaded.value.id} loaded={store.loaded.value} />}
      {store.tab.value === 'quantization' && (
        <Quantization key={store.loaded.value.id} loaded={store.loaded.value} />
      )}
      {store.tab.value === 'memory' && <Memory key={store.loaded.value.id} loaded={store.loaded.value} />}
      {store.tab.value === 'delegates' && (
        <Delegates key={store.loaded.value.id} loaded={store.loaded.value} />
      )}
      {store.tab.value === 'graph' && (
        <>
          <OutlinePanel loaded={store.loaded.value} />
          <div class="middle">
            {!isTableFull && <GraphView loaded={store.loaded.value} />}
            <TablePanel loaded={store.loaded.value} />
          </div>
        </>
      )}
      {(store.tab.value === 'graph' || store.primary.value !== null) && <Panel loaded={store.loaded.value} />}
    </>
  );

  async function retry(): Promise<void> {
    await store.refresh(true);
    if (store.modelId.value !== null) await store.choose(store.modelId.value);
  }
}
