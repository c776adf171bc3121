import { expect, test } from 'vitest';
import type { Scene } from '../scene.ts';
import { fillRects } from './dots.ts';

const WIDTH = 8;
const HEIGHT = 4;

/** The bitmap in lines of text after boxes [x, y, width, height] were filled, two units of the world to a pixel. */
function filled(...rects: [number, number, number, number][]): string[] {
  const pixels = new Uint32Array(WIDTH * HEIGHT);
  const boxes = {
    x: Float64Array.from(rects, ([x]) => x),
    y: Float64Array.from(rects, ([, y]) => y),
    width: Float64Array.from(rects, ([, , width]) => width),
    height: Float64Array.from(rects, ([, , , height]) => height),
  } as Scene['boxes'];
  const ids = Int32Array.from(rects, (_, i) => i);
  fillRects({ pixels, width: WIDTH, height: HEIGHT }, boxes, ids, { left: 100, top: 50, pixel: 2 }, 7);
  return Array.from({ length: HEIGHT }, (_, row) =>
    [...pixels.subarray(row * WIDTH, (row + 1) * WIDTH)].map((value) => (value === 7 ? '#' : '.')).join(''),
  );
}

test('boxes fill their pixels', () => {
  expect(filled([102, 52, 6, 4])).toEqual(['........', '.###....', '.###....', '........']);
});

test('the smallest box is seen', () => {
  expect(filled([108, 54, 0.2, 0.1])).toEqual(['........', '........', '....#...', '........']);
});

test('what reaches beyond the edges is cut off, what lies beyond them leaves nothing', () => {
  expect(filled([90, 40, 14, 12], [114, 56, 90, 90])).toEqual([
    '##......',
    '........',
    '........',
    '.......#',
  ]);
  expect(filled([0, 0, 90, 40], [300, 50, 10, 10], [102, 200, 6, 6]).join('')).not.toContain('#');
});
