/** All styles as one text: a page may not load any by itself (TensorBoard, the one-file report). */
import base from '../style.css?inline';
import graph from './graph.css?inline';

export const css = [base, graph].join('\n');
