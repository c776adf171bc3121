/**
 * All styles as one text: a page may not load any by itself (TensorBoard, the one-file report).
 *
 * What all views share comes first, so that a view's own rules may differ from it.
 */
import delegates from './delegates.css?inline';
import elements from './elements.css?inline';
import errors from './errors.css?inline';
import frame from './frame.css?inline';
import graph from './graph.css?inline';
import help from './help.css?inline';
import lens from './lens.css?inline';
import memory from './memory.css?inline';
import outline from './outline.css?inline';
import overview from './overview.css?inline';
import panel from './panel.css?inline';
import picker from './picker.css?inline';
import pieces from './pieces.css?inline';
import profile from './profile.css?inline';
import quantization from './quantization.css?inline';
import states from './states.css?inline';
import table from './table.css?inline';
import tokens from './tokens.css?inline';
import weights from './weights.css?inline';

const shared = [tokens, elements, frame, picker, panel, pieces, states, help];
const views = [
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
];

export const css = [...shared, ...views].join('\n');
