/** The worker: reads a model's columns, builds its hierarchy, lays out views. Keeps one model. */
import { decodeModel, type Model } from '../wire/model.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { buildHierarchy, openAtFirst, type Hierarchy } from './hierarchy.ts';
import { Kept } from './isolate.ts';
import type { Answer, Request, ViewRequest } from './protocol.ts';
import { sameReach, type Reached } from './reach.ts';
import { inTurns } from './steps.ts';
import { transferables } from './transfer.ts';

let loaded: { model: Model; hierarchy: Hierarchy; arranger: Arranger } | null = null;
/** Lays out a part of the model; kept while that part is the same, so that what is opened in it changes no places. */
let isolated: { only: Reached; arranger: Arranger } | null = null;

function post(answer: Answer, transfer: Transferable[] = []): void {
  self.postMessage(answer, { transfer });
}

/** The layout that is wanted; another that is under way ends at its next turn. */
let wanted = -1;

function answer(request: Request): void {
  switch (request.type) {
    case 'load': {
      wanted = -1;
      post({ type: 'progress', id: request.id, phase: 'reading operators' });
      const model = decodeModel(request.buffer);
      post({ type: 'progress', id: request.id, phase: 'finding groups' });
      const hierarchy = buildHierarchy(model);
      const arranger = new Arranger(model, hierarchy);
      loaded = { model, hierarchy, arranger };
      isolated = null;
      post({ type: 'loaded', id: request.id, hierarchy });
      // While the page makes itself ready, the view that it will most likely want; the arranger keeps what is laid out.
      const likely = arranger.steps({ root: 0, flat: false, open: openAtFirst(hierarchy, 0) });
      void inTurns(
        likely,
        () => wanted === -1 && loaded?.arranger === arranger,
        () => undefined,
      ).catch(
        () => undefined, // whoever asks for the view is told
      );
      break;
    }
    case 'layout':
      wanted = request.id;
      void layOut(request.id, request.view).catch((error: unknown) => fail(request.id, error));
      break;
    case 'cancel':
      if (wanted === request.id) wanted = -1;
  }
}

function arrangerOf(only: Reached | null): Arranger {
  if (loaded === null) throw new Error('no model is loaded');
  const { model, hierarchy, arranger } = loaded;
  if (only === null) return arranger;
  if (isolated === null || !sameReach(isolated.only, only))
    isolated = { only, arranger: new Arranger(model, hierarchy, new Kept(model, hierarchy, only)) };
  return isolated.arranger;
}

async function layOut(id: number, { root, flat, open, only }: ViewRequest): Promise<void> {
  const arranger = arrangerOf(only);
  const onPhase = (phase: string): void => post({ type: 'progress', id, phase: `laying out: ${phase}` });
  const steps = arranger.steps({ root, flat, open: new Set(open) });
  const laid = await inTurns(steps, () => wanted === id, onPhase);
  if (laid === null) {
    post({ type: 'cancelled', id });
    return;
  }
  const scene = assemble(laid.value);
  post({ type: 'scene', id, scene }, transferables(scene));
}

function fail(id: number, error: unknown): void {
  post({ type: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  try {
    answer(data);
  } catch (error) {
    fail(data.id, error);
  }
};
