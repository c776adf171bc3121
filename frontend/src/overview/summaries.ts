/** The summaries of the `compatibility` and `metadata` reports; figures are defined in docs/. */
import { formatNumber } from '../lib/format.ts';

export interface Variable {
  name: string;
  read_by: number[];
  written_by: number[];
}

export interface Compatibility {
  operators: number;
  least_runtime: string | null;
  declared_runtime: string | null;
  tensorflow_operators: string[];
  custom_operators: string[];
  micro_operators: number;
  variables: Variable[];
  signatures: { key: string; subgraph: number; writes_variables: boolean }[];
}

export interface DescribedTensor {
  subgraph: number;
  role: 'input' | 'output';
  place: number;
  tensor: number | null;
  name: string;
  description: string;
  content: string | null;
  mean: (number | string)[];
  std: (number | string)[];
  min: (number | string)[];
  max: (number | string)[];
  units: ({ unit: string } & Record<string, unknown>)[];
  files: string[];
}

export interface AppendedFile {
  name: string;
  /** Its number for downloading, null where the file is named and missing. */
  place: number | null;
  size_bytes: number | null;
  type: string | null;
  description: string;
  tensor: number | null;
  /** Of label files. */
  lines: number | null;
  first_lines: string[];
}

export interface Metadata {
  present: boolean;
  name: string;
  description: string;
  version: string;
  author: string;
  license: string;
  tensors: DescribedTensor[];
  files: AppendedFile[];
  entries: { name: string; size_bytes: number; text: string | null }[];
}

/** `127.5`, or `[104, 117, 123]` where channels differ. */
export function channelNumbers(values: (number | string)[]): string {
  const shown = values.map((value) => (typeof value === 'number' ? formatNumber(value) : value));
  if (new Set(shown).size === 1) return shown[0];
  return `[${shown.slice(0, 4).join(', ')}${shown.length > 4 ? ', …' : ''}]`;
}

/** `(x − 127.5) / 127.5`; empty where nothing is said. */
export function normalisation({ mean, std }: Pick<DescribedTensor, 'mean' | 'std'>): string {
  if (mean.length === 0 && std.length === 0) return '';
  const shifted = mean.length === 0 ? 'x' : `(x − ${channelNumbers(mean)})`;
  return std.length === 0 ? shifted : `${shifted} / ${channelNumbers(std)}`;
}

/** `-1 to 1`; empty where nothing is said. */
export function range({ min, max }: Pick<DescribedTensor, 'min' | 'max'>): string {
  if (min.length === 0 && max.length === 0) return '';
  return `${min.length === 0 ? '?' : channelNumbers(min)} to ${max.length === 0 ? '?' : channelNumbers(max)}`;
}
