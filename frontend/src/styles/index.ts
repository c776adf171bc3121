/** All styles as one text: a page may not load any by itself (TensorBoard, the one-file report). */
import base from '../style.css?inline';
import delegates from './delegates.css?inline';
import errors from './errors.css?inline';
import graph from './graph.css?inline';
import lens from './lens.css?inline';
import memory from './memory.css?inline';
import outline from './outline.css?inline';
import overview from './overview.css?inline';
import profile from './profile.css?inline';
import quantization from './quantization.css?inline';
import table from './table.css?inline';
import weights from './weights.css?inline';

export const css = [
  base,
  delegates,
  errors,
  graph,
  lens,
  memory,
  outline,
  overview,
  profile,
  quantization,
  table,
  weights,
].join('\n');
