/** Messages between the page and the table worker. Requests are answered in order. */
import type { SortKey } from './order.ts';
import type { Matched, Over } from './tables.ts';

export interface Wrong {
  message: string;
  /** The character of the filter at which it went wrong. */
  position: number;
}

export type Request =
  | { type: 'report'; name: string; buffer: ArrayBuffer }
  | { type: 'filter'; id: number; text: string }
  | { type: 'order'; id: number; over: Over; keys: readonly SortKey[] };

export type Answer =
  | { type: 'matched'; id: number; matched: Matched }
  | { type: 'wrong'; id: number; wrong: Wrong }
  | { type: 'ordered'; id: number; order: Int32Array }
  | { type: 'failed'; id: number; reason: string };
