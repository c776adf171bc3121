import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchCanvasSize } from './canvas-size.ts';

/** Media queries that were asked for, and what hears of their changes. */
const asked: { query: string; listeners: Set<() => void> }[] = [];
let resized = (): void => undefined;

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('devicePixelRatio', 1.5);
  vi.stubGlobal('matchMedia', (query: string) => {
    const listeners = new Set<() => void>();
    asked.push({ query, listeners });
    return {
      addEventListener: (_: string, listener: () => void, { signal }: { signal: AbortSignal }) => {
        listeners.add(listener);
        signal.addEventListener('abort', () => listeners.delete(listener));
      },
    };
  });
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: () => void) {
        resized = callback;
      }
      observe = (): void => undefined;
      disconnect = (): void => undefined;
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

function changeRatio(ratio: number): void {
  vi.stubGlobal('devicePixelRatio', ratio);
  for (const { query, listeners } of [...asked])
    if (!query.includes(`${ratio}dppx`)) for (const listener of listeners) listener();
}

test('a canvas has the pixels of the screen, whichever screen it is on', () => {
  const canvas = { clientWidth: 301, clientHeight: 200, width: 0, height: 0 };
  const sizes: [number, number, number][] = [];
  const stop = watchCanvasSize(canvas as HTMLCanvasElement, ({ width, height }, ratio) =>
    sizes.push([width, height, ratio]),
  );
  expect([canvas.width, canvas.height]).toEqual([452, 300]);
  changeRatio(2);
  expect([canvas.width, canvas.height]).toEqual([602, 400]);
  canvas.clientWidth = 100;
  resized();
  expect(canvas.width).toBe(200);
  expect(sizes).toEqual([
    [301, 200, 1.5],
    [301, 200, 2],
    [100, 200, 2],
  ]);
  stop();
  changeRatio(3);
  expect(canvas.width).toBe(200);
});

test('a hidden canvas keeps what it has', () => {
  const canvas = { clientWidth: 0, clientHeight: 0, width: 7, height: 7 };
  watchCanvasSize(canvas as HTMLCanvasElement, () => expect.unreachable());
  expect(canvas.width).toBe(7);
});
