/** Runs of a model: profiles, measured partitions, errors of layers, and the jobs that make them. The server's side is run_store.py. */

export interface RunEntry {
  id: string;
  kind: 'profile' | 'partition' | 'layer_error';
  label: string;
  logged: boolean;
  created: string;
  /** Where it was logged. */
  run?: string;
  tag?: string;
  step?: number | null;
  /** Of a profile, and of errors of layers. */
  kernels?: string | null;
  threads?: number | null;
  device?: string | null;
  cpu?: string | null;
  runtime?: string | null;
  median_us?: number | null;
  runs?: number;
  /** Of a measured partition; `delegated` is null where the delegate failed. */
  delegate?: string;
  delegated?: number | null;
  operators?: number;
  partitions?: number;
  /** Of errors of layers: the name of the reference, null where another tool has measured. */
  against?: string | null;
  against_itself?: boolean;
  reference_kernels?: string | null;
  samples?: number | null;
  inputs?: string | null;
  seed?: number | null;
  compared?: number | null;
  /** The other tool, and its file. */
  source?: string | null;
  file?: string | null;
}

export interface JobError {
  /** The name of a class of runtime/errors.py. */
  kind: string;
  message: string;
  log: string;
}

export interface Job {
  id: string;
  title: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  phase: string;
  done: number;
  /** 0 where not known. */
  total: number;
  /** Jobs that come first. */
  ahead: number;
  seconds: number;
  /** Id of the run that came out. */
  result: string | null;
  error: JobError | null;
}

export interface RunsAnswer {
  runs: RunEntry[];
  /** Those that have not ended. */
  jobs: Job[];
  /** Whether the server still reads profiles that were logged. */
  pending: boolean;
}

/** What can be asked for, and the most of each. */
export interface Runnable {
  kernels: string[];
  delegates: string[];
  threads: number;
  runs: number;
  warmup: number;
  seconds: number;
  /** Kernels that can be looked into operator by operator. */
  error_kernels: string[];
  samples: number;
  seed: number;
}

/** Whether models can be run from this page, and if not why. */
export type Running = { allowed: false; reason: string } | ({ allowed: true } & Runnable);

export interface ProfileOptions {
  kernels: string;
  threads: number;
  runs: number | null;
  signature: string | null;
  shapes: Record<string, number[]>;
}

export interface ErrorOptions {
  /** Id of the model to compare with; null for the model itself. */
  reference: string | null;
  kernels: string;
  reference_kernels: string;
  samples: number;
  seed: number;
}

export type RunRequest =
  | { kind: 'profile'; options: ProfileOptions }
  | { kind: 'partition'; options: { delegate: string } }
  | { kind: 'layer_error'; options: ErrorOptions };
