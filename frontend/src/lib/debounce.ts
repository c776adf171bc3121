/** Runs a function once calls have ceased for a while; `now` runs it at once, `cancel` not at all. */
export interface Debounced {
  later: () => void;
  now: () => void;
  cancel: () => void;
}

export function debounced(ms: number, run: () => void): Debounced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => clearTimeout(timer);
  const now = (): void => {
    cancel();
    run();
  };
  return {
    cancel,
    now,
    later: () => {
      cancel();
      timer = setTimeout(run, ms);
    },
  };
}
