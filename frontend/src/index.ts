/** The entry for hosts: TensorBoard imports this module and calls render(). */
import { css } from './styles/index.ts';
import { pageHost } from './host/host.ts';
import { HttpSource, type Source } from './host/source.ts';
import { tensorboardHost } from './host/tensorboard.ts';
import { mountApp } from './mount.tsx';

export function render(): void {
  const host = tensorboardHost() ?? pageHost('page');
  const source: Source = new HttpSource();
  mountApp(
    host,
    source,
    css,
    () => new Worker(new URL('./graph/worker.ts', import.meta.url), { type: 'module' }),
  );
}
