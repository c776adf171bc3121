/** The worker: reads a model's columns, builds its hierarchy, lays out views. Keeps one model. */
import { decodeModel, type Model } from '../wire/model.ts';
import { Arranger } from './arrange.ts';
import { assemble } from './assemble.ts';
import { buildHierarchy, type Hierarchy } from './hierarchy.ts';
import type { Answer, Request } from './protocol.ts';
import { SearchIndex } from './search.ts';
import { transferables } from './transfer.ts';

let loaded: { model: Model; hierarchy: Hierarchy; arranger: Arranger; index: SearchIndex | null } | null =
  null;

function post(answer: Answer, transfer: Transferable[] = []): void {
  self.postMessage(answer, { transfer });
}

function answer(request: Request): void {
  switch (request.type) {
    case 'load': {
      post({ type: 'progress', id: request.id, phase: 'reading operators' });
      const model = decodeModel(request.buffer);
      post({ type: 'progress', id: request.id, phase: 'finding groups' });
      const hierarchy = buildHierarchy(model);
      loaded = { model, hierarchy, arranger: new Arranger(model, hierarchy), index: null };
      post({ type: 'loaded', id: request.id, hierarchy });
      break;
    }
    case 'layout': {
      if (loaded === null) throw new Error('no model is loaded');
      post({ type: 'progress', id: request.id, phase: 'laying out' });
      const { root, flat, open } = request.view;
      const scene = assemble(loaded.arranger.arrange({ root, flat, open: new Set(open) }));
      post({ type: 'scene', id: request.id, scene }, transferables(scene));
      break;
    }
    case 'search': {
      if (loaded === null) throw new Error('no model is loaded');
      loaded.index ??= new SearchIndex(loaded.model);
      post({ type: 'matches', id: request.id, matches: loaded.index.find(request.query) });
    }
  }
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  try {
    answer(data);
  } catch (error) {
    post({ type: 'failed', id: data.id, reason: error instanceof Error ? error.message : String(error) });
  }
};
