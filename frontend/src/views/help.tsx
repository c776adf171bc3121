import { useEffect, useRef } from 'preact/hooks';
import { KEYS } from './keys.ts';

export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-label="Keys" onClose={onClose}>
      <form method="dialog">
        <header>
          <h2>Keys</h2>
          <button type="submit" class="plain" aria-label="Close">
            ✕
          </button>
        </header>
        <div class="columns">
          {KEYS.map(([section, keys]) => (
            <section key={section}>
              <h3>{section}</h3>
              <dl>
                {keys.map(([key, does]) => (
                  <div key={key}>
                    <dt>
                      <kbd>{key}</kbd>
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </form>
    </dialog>
  );
}
