/** What is shown when there is nothing to show yet, nothing at all, or something went wrong. */
import type { Listing } from '../host/source.ts';
import type { Failure } from '../state/failure.ts';
import { useStore } from './context.ts';

export function LoadingState({ phase }: { phase: string }) {
  return (
    <main class="state" aria-busy="true">
      <div class="spinner" aria-hidden="true" />
      <p role="status">{phase.charAt(0).toUpperCase() + phase.slice(1)} …</p>
    </main>
  );
}

export function FailureState({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  return (
    <main class="state">
      <div class="notice error" role="alert">
        <h2>{failure.title}</h2>
        <p>{failure.reason}</p>
        {failure.details.length > 0 && (
          <ul>
            {failure.details.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      </div>
    </main>
  );
}

export function EmptyState({ listing }: { listing: Listing }) {
  const store = useStore();
  const { scan } = listing;
  const inTensorBoard = store.host.kind === 'tensorboard';
  return (
    <main class="state">
      <div class="notice">
        <h2>{scan.running ? 'Looking for models …' : 'No models found'}</h2>
        <p>
          {scan.entries.toLocaleString('en')} files and directories were looked at in{' '}
          {scan.roots.length === 0
            ? 'no place at all'
            : scan.roots.map((root) => <code key={root}>{root}</code>)}
          . Files that end in <code>.tflite</code>, <code>.lite</code>, <code>.task</code> or{' '}
          <code>.litertlm</code> are shown, and others that are models by their content.
        </p>
        {inTensorBoard ? (
          <>
            <p>Copy a model anywhere below the log directory, or log it with the run that made it:</p>
            <pre>{`from tb_tflite_plugin.summary import log_model

log_model("logs/run1", "model.tflite", tag="mobilenet", step=100)`}</pre>
          </>
        ) : (
          <p>
            Start it with a model or a directory: <code>tflite-viz model.tflite</code>
          </p>
        )}
        {scan.notes.length > 0 && (
          <details>
            <summary>
              {scan.notes.length} note{scan.notes.length === 1 ? '' : 's'} from the search
            </summary>
            <ul>
              {scan.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </details>
        )}
        <button type="button" onClick={() => void store.refresh(true)}>
          Look again
        </button>
      </div>
    </main>
  );
}
