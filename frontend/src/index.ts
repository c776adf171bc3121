/** The entry for hosts: TensorBoard imports this module and calls render(). */
import { pageHost } from './host/host.ts';
import { HttpSource } from './host/server.ts';
import type { Source } from './host/source.ts';
import { tensorboardHost } from './host/tensorboard.ts';
import { mountApp } from './mount.tsx';
import { css } from './styles/index.ts';

export function render(): void {
  const host = tensorboardHost() ?? pageHost('page');
  const source: Source = new HttpSource();
  mountApp(host, source, css, {
    graph: () => new Worker(new URL('./graph/worker.ts', import.meta.url), { type: 'module' }),
    table: () => new Worker(new URL('./table/worker.ts', import.meta.url), { type: 'module' }),
  });
}
