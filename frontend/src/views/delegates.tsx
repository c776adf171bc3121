/** Which operators delegates take, why not the others, and what that costs. Loaded when it is first opened. */
import { useEffect } from 'preact/hooks';
import { columnOf, matrixOf, type DelegateEntry, type Matrix } from '../delegates/verdicts.ts';
import type { Loaded } from '../state/store.ts';
import { WHAT_IF } from '../delegates/what-if.ts';
import { useStore } from './context.ts';
import { DelegateConditions } from './delegate-conditions.tsx';
import { DelegateDetails } from './delegate-details.tsx';
import { DelegateMeasured } from './delegate-measured.tsx';
import { SideBySide } from './delegate-pair.tsx';
import { DelegateMatrix } from './delegate-matrix.tsx';
import { DelegateWhatIf } from './delegate-what-if.tsx';
import { ProvenanceMark } from './provenance.tsx';

const CONFIDENCE: Record<DelegateEntry['confidence'], [word: string, says: string]> = {
  exact: ['exact', 'identical with the delegate itself on all test models'],
  rules: ['by rules', 'conditions that were read in its source'],
  list: ['by a list', 'its list of operator types only: it may take less'],
};

export function DelegatesView({ loaded }: { loaded: Loaded }) {
  const { reports } = loaded;
  const ask = (): void => void reports.ask('delegates').catch(() => undefined);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once per mount
  useEffect(ask, []);
  const state = reports.states.value.get('delegates');
  return (
    <main class="profile delegates">
      <header class="profile-head">
        <h1>Delegates</h1>
        <p class="muted">
          <ProvenanceMark provenance="simulated" /> foretold from the file; the Profile tab measures
        </p>
      </header>
      {state?.error != null && (
        <p class="notice error" role="alert">
          The delegates could not be foretold: {state.error}{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      )}
      {state?.error == null && state?.report == null && <p class="muted">looking at every operator …</p>}
      {state?.report != null && <Body loaded={loaded} matrix={matrixOf(state.report, loaded.model)} />}
    </main>
  );
}

function Body({ loaded, matrix }: { loaded: Loaded; matrix: Matrix }) {
  const { whatIf } = useStore();
  const wanted = matrix.delegates.findIndex(({ delegate }) => delegate === whatIf.delegate.value);
  const place = Math.max(wanted, 0);
  const entry = matrix.delegates[place];
  useEffect(() => whatIf.look(entry.delegate), [whatIf, entry.delegate]);
  return (
    <>
      <section class="card">
        <h2>What each takes</h2>
        <ul class="sentences">
          {matrix.delegates.map((one) => (
            <Sentence key={one.delegate} entry={one} isShown={one === entry} />
          ))}
        </ul>
      </section>
      <section class="card">
        <DelegateDetails key={entry.delegate} loaded={loaded} entry={entry} />
        <DelegateConditions matrix={matrix} place={place} />
        <DelegateMeasured key={`measured ${entry.delegate}`} loaded={loaded} matrix={matrix} place={place} />
      </section>
      <DelegateWhatIf loaded={loaded} matrix={matrix} place={place} />
      <section class="card">
        <h2>Operator types</h2>
        <DelegateMatrix matrix={matrix} shown={place} />
      </section>
      <section class="card">
        <h2>Side by side</h2>
        <SideBySide matrix={matrix} shown={place} />
      </section>
    </>
  );
}

function Sentence({ entry, isShown }: { entry: DelegateEntry; isShown: boolean }) {
  const store = useStore();
  const share = entry.operators === 0 ? 0 : entry.delegated / entry.operators;
  const [word, says] = CONFIDENCE[entry.confidence];
  const outline = store.whatIf.outlineOf(entry.delegate);
  /** As it is: the what-if in which it takes nothing besides. */
  const outlineWhatIf = (): void => {
    store.whatIf.show(entry.delegate);
    store.whatIf.choose(new Set());
  };
  return (
    <li>
      <button
        type="button"
        class="plain sentence"
        aria-pressed={isShown}
        onClick={() => store.whatIf.show(entry.delegate)}
      >
        <span class="share-bar" aria-hidden="true">
          <span style={{ width: `${100 * share}%` }} />
        </span>
        <span>{entry.sentence}</span>
      </button>
      <span class="muted" title={`${says} (${entry.rules})`}>
        {word}
      </span>
      {(outline !== null || store.source.hasWhatIfs) && (
        <button
          type="button"
          class="plain link"
          title="Outline its partitions in the graph"
          onClick={() => {
            if (outline === null) outlineWhatIf();
            store.setLens(outline ?? `${WHAT_IF}.partition`);
            store.setTab('graph');
          }}
        >
          Partitions
        </button>
      )}
      <button
        type="button"
        class="plain link"
        title="Colour the graph by what it does with each operator"
        onClick={() => {
          store.setLens(`delegates.${columnOf(entry.delegate)}`);
          store.setTab('graph');
        }}
      >
        Show in graph
      </button>
    </li>
  );
}
