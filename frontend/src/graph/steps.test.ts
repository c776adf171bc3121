import { afterEach, expect, test, vi } from 'vitest';
import { finished, inTurns, type Steps } from './steps.ts';

afterEach(() => vi.restoreAllMocks());

/** Takes time at each step, as measured by a clock that only it moves. */
function* slow(done: string[], clock: { now: number }): Steps<string> {
  for (const phase of ['ranking', 'ordering', 'placing']) {
    yield phase;
    done.push(phase);
    clock.now += 50;
  }
  return 'drawn';
}

function clocked(): { now: number } {
  const clock = { now: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  return clock;
}

test('all steps at once give the result', () => {
  const done: string[] = [];
  expect(finished(slow(done, { now: 0 }))).toBe('drawn');
  expect(done.length).toBe(3);
});

test('between turns others have theirs, and hear what comes next', async () => {
  const done: string[] = [];
  const phases: string[] = [];
  const working = inTurns(
    slow(done, clocked()),
    () => true,
    (phase) => phases.push(phase),
  );
  expect(done).toEqual(['ranking']);
  await Promise.resolve(); // not enough: messages come as tasks
  expect(done).toEqual(['ranking']);
  await new Promise((resume) => setTimeout(resume, 5));
  expect(await working).toEqual({ value: 'drawn' });
  expect(phases).toEqual(['ordering', 'placing']);
});

test('short steps are not interrupted', async () => {
  clocked();
  const onPhase = vi.fn();
  const done: string[] = [];
  const working = inTurns(slow(done, { now: 0 }), () => true, onPhase);
  expect(done.length).toBe(3);
  expect(await working).toEqual({ value: 'drawn' });
  expect(onPhase).not.toHaveBeenCalled();
});

test('work that nobody wants any more is left off', async () => {
  const done: string[] = [];
  let isWanted = true;
  const working = inTurns(
    slow(done, clocked()),
    () => isWanted,
    () => undefined,
  );
  isWanted = false;
  expect(await working).toBeNull();
  expect(done).toEqual(['ranking']);
});

test('what a step throws is thrown', async () => {
  function* failing(): Steps<never> {
    yield 'ranking';
    throw new Error('no room');
  }
  await expect(
    inTurns(
      failing(),
      () => true,
      () => undefined,
    ),
  ).rejects.toThrow('no room');
});
