/** A view whose code is fetched when it is first shown. */
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { FailureState, LoadingState } from './states.tsx';

interface LaterProps<Props> {
  name: string;
  load: () => Promise<ComponentType<Props>>;
  render: (view: ComponentType<Props>) => JSX.Element;
}

export function Later<Props>({ name, load, render }: LaterProps<Props>) {
  // In an object: a signal would call a function that is its value.
  const state = useSignal<{ view: ComponentType<Props> | null; error: string | null }>({
    view: null,
    error: null,
  });
  const ask = (): void => {
    state.value = { view: null, error: null };
    load().then(
      (view) => (state.value = { view, error: null }),
      (error: unknown) =>
        (state.value = { view: null, error: error instanceof Error ? error.message : String(error) }),
    );
  };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once per mount
  useEffect(ask, []);
  const { view, error } = state.value;
  if (error !== null)
    return (
      <FailureState
        failure={{ title: 'This view could not be loaded', reason: error, details: [] }}
        onRetry={ask}
      />
    );
  return view === null ? <LoadingState phase={`loading the ${name}`} /> : render(view);
}
