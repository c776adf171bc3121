/** Messages between the page and the graph worker. Requests are answered in order, each by one final answer. */
import type { Hierarchy } from './hierarchy.ts';
import type { Scene } from './scene.ts';
import type { Matches } from './search.ts';

export interface ViewRequest {
  root: number;
  flat: boolean;
  open: number[];
}

export type Request =
  | { type: 'load'; id: number; buffer: ArrayBuffer }
  | { type: 'layout'; id: number; view: ViewRequest }
  | { type: 'search'; id: number; query: string };

export type Answer =
  | { type: 'progress'; id: number; phase: string }
  | { type: 'loaded'; id: number; hierarchy: Hierarchy }
  | { type: 'scene'; id: number; scene: Scene }
  | { type: 'matches'; id: number; matches: Matches }
  | { type: 'failed'; id: number; reason: string };
