/** The entry of the one-file report. */
import GraphWorker from './graph/worker.ts?worker&inline';
import { pageHost } from './host/host.ts';
import { EmbeddedSource, type Embedded } from './host/embedded.ts';
import { mountApp } from './mount.tsx';
import { css } from './styles/index.ts';
import TableWorker from './table/worker.ts?worker&inline';

const data = JSON.parse(document.getElementById('tflite-viz-data')!.textContent) as Embedded;
mountApp(pageHost('file'), new EmbeddedSource(data), css, {
  graph: () => new GraphWorker(),
  table: () => new TableWorker(),
});
