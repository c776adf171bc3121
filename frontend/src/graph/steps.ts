/**
 * Long work in steps, so that it can be watched and left off. A worker hears nothing while it computes: it has to give way
 * to messages now and then. Starting the worker anew would stop anything too, but would lose the model, its hierarchy and
 * all levels that are laid out.
 */

/** Work that may be interrupted wherever it yields; what it yields says what comes next. */
export type Steps<T> = Generator<string, T, undefined>;

/** Does all steps at once. */
export function finished<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** How long messages may wait. */
const TURN_MS = 40;

/**
 * Does the steps in turns, between which messages are answered.
 *
 * @param isWanted asked after each turn; the work is left off when it is not
 * @param onPhase told at each turn what comes next
 * @returns null when it was left off
 */
export async function inTurns<T>(
  steps: Steps<T>,
  isWanted: () => boolean,
  onPhase: (phase: string) => void,
): Promise<{ value: T } | null> {
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { value: step.value };
    if (performance.now() - turn < TURN_MS) continue;
    onPhase(step.value);
    await new Promise((resume) => setTimeout(resume));
    if (!isWanted()) return null;
    turn = performance.now();
  }
}
