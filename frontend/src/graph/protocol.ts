/**
 * Messages between the page and the graph worker. Each request gets one final answer, in order, except that a layout takes
 * its turns: a newer layout, another model or a `cancel` with its id ends it.
 */
import type { Hierarchy } from './hierarchy.ts';
import type { Reached } from './reach.ts';
import type { Scene } from './scene.ts';

export interface ViewRequest {
  root: number;
  flat: boolean;
  open: number[];
  /** What alone is laid out; null for everything. */
  only: Reached | null;
}

export type Request =
  | { type: 'load'; id: number; buffer: ArrayBuffer }
  | { type: 'layout'; id: number; view: ViewRequest }
  | { type: 'cancel'; id: number };

export type Answer =
  | { type: 'progress'; id: number; phase: string }
  | { type: 'loaded'; id: number; hierarchy: Hierarchy }
  | { type: 'scene'; id: number; scene: Scene }
  | { type: 'cancelled'; id: number }
  | { type: 'failed'; id: number; reason: string };
