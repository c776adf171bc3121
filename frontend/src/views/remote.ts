import { useEffect } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';

export interface Remote<T> {
  value: T | null;
  error: string | null;
}

/** What a promise gives, asked for once per mount: components that show another thing have another key. */
export function useRemote<T>(ask: () => Promise<T>): Signal<Remote<T>> {
  return useLatest('', ask);
}

/** What a promise gives, asked for again when the key changes; until the answer is there, the last one stays. */
export function useLatest<T>(key: string, ask: () => Promise<T>): Signal<Remote<T>> {
  const remote = useSignal<Remote<T>>({ value: null, error: null });
  useEffect(() => {
    let current = true;
    ask().then(
      (value) => {
        if (current) remote.value = { value, error: null };
      },
      (error: unknown) => {
        if (current)
          remote.value = { value: null, error: error instanceof Error ? error.message : String(error) };
      },
    );
    return () => {
      current = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says what is asked for
  }, [key]);
  return remote;
}
