/** Profiles, measured partitions and errors of layers of the model that is shown: which there are, which are looked at, and the job that runs. */
import { batch, effect, signal, type Signal } from '@preact/signals';
import type { Job, RunEntry, RunRequest } from '../host/runs.ts';
import type { Source } from '../host/source.ts';
import { profileOf, type Profile } from '../profile/profile.ts';
import { decodeReport, type Report } from '../wire/report.ts';
import { decodeProfileTrace } from '../wire/profile-trace.ts';
import type { Loaded } from './store.ts';

export type Runs = ReturnType<typeof createRuns>;

const POLL_MS = 250;
const POLL_LIST_MS = 1000;

interface Surroundings {
  source: Source;
  loaded: Signal<Loaded | null>;
  /** The choice has changed: the URL follows. */
  remember: () => void;
}

export function createRuns({ source, loaded, remember }: Surroundings) {
  /** Null until the server has answered. */
  const entries = signal<readonly RunEntry[] | null>(null);
  const failure = signal<string | null>(null);
  const pending = signal(false);
  /** Ids of the profiles that are looked at; the first is the one whose figures are shown, the others stand beside it. */
  const shown = signal<readonly string[]>([]);
  const profiles = signal<ReadonlyMap<string, Profile>>(new Map());
  const partitionId = signal<string | null>(null);
  const partition = signal<Report | null>(null);
  /** Errors of layers that are looked at. */
  const errorsId = signal<string | null>(null);
  const errors = signal<Report | null>(null);
  /** Whether their section is open. */
  const errorsOpen = signal(false);
  const compute = signal<Report | null>(null);
  /** The job that was started here, or one of this model that the server has; kept with its error when it failed. */
  const job = signal<Job | null>(null);
  /** What that job was started for here; null for one that the server had. */
  const request = signal<RunRequest | null>(null);
  /** What to show once it is there: from the URL. */
  let wanted: { profiles: readonly string[]; errors: string | null } = { profiles: [], errors: null };
  /** The model whose runs these are; a model that has just been loaded is not yet. */
  let current: Loaded | null = null;
  /** Errors that were asked for last; the others stay until they are there. */
  let askedErrors: string | null = null;

  effect(() => {
    const now = loaded.value;
    current = now;
    askedErrors = null;
    batch(() => {
      entries.value = null;
      failure.value = null;
      shown.value = [];
      profiles.value = new Map();
      partitionId.value = null;
      partition.value = null;
      errorsId.value = null;
      errors.value = null;
      compute.value = null;
      job.value = null;
      request.value = null;
    });
    if (now !== null) void refresh(now);
  });

  /** Takes over what the URL says; what is not there yet is shown when it comes. */
  function restore(profileIds: readonly string[], errorId: string | null): void {
    wanted = { profiles: profileIds, errors: errorId };
    errorsOpen.value = errorId !== null;
    const now = loaded.peek();
    const all = entries.peek();
    if (now === null || now !== current || all === null) return;
    const isThere = (wantedId: string): boolean => all.some(({ id }) => id === wantedId);
    const ids = profileIds.filter(isThere);
    if (ids.length > 0 && ids.join() !== shown.peek().join()) void show(now, ids);
    if (errorId !== null && errorId !== askedErrors && isThere(errorId)) void showErrors(errorId);
  }

  async function refresh(now: Loaded): Promise<void> {
    try {
      const answer = await source.runs(now.id);
      if (loaded.peek() !== now) return;
      batch(() => {
        entries.value = answer.runs;
        pending.value = answer.pending;
        failure.value = null;
      });
      const last = answer.jobs.at(-1);
      if (last !== undefined && !isOpen(job.peek())) {
        request.value = null;
        follow(now, last);
      }
      if (answer.pending) setTimeout(() => void (loaded.peek() === now && refresh(now)), POLL_LIST_MS);
      await chooseAtFirst(now);
    } catch (error) {
      if (loaded.peek() === now) failure.value = messageOf(error);
    }
  }

  /** What the URL names, else the newest. */
  async function chooseAtFirst(now: Loaded): Promise<void> {
    const all = entries.peek() ?? [];
    if (shown.peek().length === 0) {
      const known = wanted.profiles.filter((id) =>
        all.some((entry) => entry.id === id && entry.kind === 'profile'),
      );
      const newest = all.findLast(({ kind }) => kind === 'profile');
      const ids = known.length > 0 ? known : newest === undefined ? [] : [newest.id];
      if (ids.length > 0) await show(now, ids);
    }
    const newest = all.findLast(({ kind }) => kind === 'partition');
    if (partitionId.peek() === null && newest !== undefined) await showPartition(newest.id);
    const measured =
      all.find(({ id, kind }) => kind === 'layer_error' && id === wanted.errors) ??
      all.findLast(({ kind }) => kind === 'layer_error');
    if (askedErrors === null && measured !== undefined) await showErrors(measured.id);
  }

  async function choose(ids: readonly string[]): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    failure.value = null;
    await show(now, ids);
    remember();
  }

  async function show(now: Loaded, ids: readonly string[]): Promise<void> {
    const kept = ids.filter((id) => entries.peek()?.some((entry) => entry.id === id) ?? false);
    shown.value = kept;
    try {
      if (compute.peek() === null && now.model.reports.includes('compute'))
        compute.value = decodeReport(await source.report(now.id, 'compute'));
      for (const [place, id] of kept.entries()) await fetchProfile(now, id, place === 0);
    } catch (error) {
      if (loaded.peek() === now) failure.value = messageOf(error);
    }
  }

  async function fetchProfile(now: Loaded, id: string, isFirst: boolean): Promise<void> {
    const [report, trace] = await Promise.all([source.runReport(now.id, id), source.trace(now.id, id)]);
    if (loaded.peek() !== now || !shown.peek().includes(id)) return;
    const profile = profileOf(decodeProfileTrace(trace), decodeReport(report), now.model);
    profiles.value = new Map([...profiles.peek(), [id, profile]]);
    if (isFirst && shown.peek()[0] === id) now.reports.give('profile', report);
  }

  async function showPartition(id: string): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    partitionId.value = id;
    try {
      const buffer = await source.runReport(now.id, id);
      if (loaded.peek() !== now || partitionId.peek() !== id) return;
      partition.value = decodeReport(buffer);
      now.reports.give('partition', buffer);
    } catch (error) {
      if (loaded.peek() === now) failure.value = messageOf(error);
    }
  }

  function openErrors(open: boolean): void {
    errorsOpen.value = open;
    remember();
  }

  async function chooseErrors(id: string): Promise<void> {
    failure.value = null;
    await showErrors(id);
    remember();
  }

  async function showErrors(id: string): Promise<void> {
    const now = loaded.peek();
    if (now === null) return;
    askedErrors = id;
    try {
      const buffer = await source.runReport(now.id, id);
      if (loaded.peek() !== now || askedErrors !== id) return;
      batch(() => {
        errorsId.value = id;
        errors.value = decodeReport(buffer);
      });
      now.reports.give('layer_error', buffer);
    } catch (error) {
      if (loaded.peek() === now) failure.value = messageOf(error);
    }
  }

  async function start(asked: RunRequest): Promise<void> {
    const now = loaded.peek();
    if (now === null || isOpen(job.peek())) return;
    request.value = asked;
    try {
      follow(now, await source.start(now.id, asked));
    } catch (error) {
      job.value = {
        id: '', title: asked.kind, state: 'failed', phase: '', done: 0, total: 0, ahead: 0, seconds: 0, result: null,
        error: { kind: 'Refused', message: messageOf(error), log: '' },
      }; // prettier-ignore
    }
  }

  async function cancel(): Promise<void> {
    const now = job.peek();
    if (now !== null && isOpen(now)) await source.cancel(now.id).catch(() => undefined); // its state tells
  }

  function follow(now: Loaded, started: Job): void {
    job.value = started;
    const poll = async (): Promise<void> => {
      if (loaded.peek() !== now || job.peek()?.id !== started.id) return;
      try {
        const state = await source.job(started.id);
        if (job.peek()?.id !== started.id) return;
        job.value = state;
        if (isOpen(state)) setTimeout(() => void poll(), POLL_MS);
        else if (state.result !== null) await arrived(now, state.result);
      } catch (error) {
        if (job.peek()?.id === started.id)
          job.value = {
            ...started,
            state: 'failed',
            error: { kind: 'Lost', message: messageOf(error), log: '' },
          };
      }
    };
    setTimeout(() => void poll(), POLL_MS);
  }

  /** Shows what has come out of a job. */
  async function arrived(now: Loaded, id: string): Promise<void> {
    const answer = await source.runs(now.id);
    if (loaded.peek() !== now) return;
    entries.value = answer.runs;
    const entry = answer.runs.find((run) => run.id === id);
    if (entry?.kind === 'profile') await choose([id]);
    else if (entry?.kind === 'partition') await showPartition(id);
    else if (entry?.kind === 'layer_error') await chooseErrors(id);
    job.value = null;
  }

  function dismiss(): void {
    if (!isOpen(job.peek())) job.value = null;
  }

  return {
    entries, failure, pending, shown, profiles, partitionId, partition, errorsId, errors, errorsOpen, compute, job, request,
    restore, choose, showPartition, chooseErrors, openErrors, start, cancel, dismiss,
  }; // prettier-ignore
}

function isOpen(job: Job | null): boolean {
  return job?.state === 'waiting' || job?.state === 'running';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
