import { expect, test } from 'vitest';
import { encodeContainer } from '../graph/testing.ts';
import { decodeContainer } from './container.ts';

/** A container as the server writes it: stored types and deltas given by hand. */
function container(
  columns: { name: string; type: string; delta: boolean; values: ArrayBufferView; length: number }[],
) {
  let offset = 0;
  const entries = columns.map(({ values, ...entry }) => {
    const at = offset;
    offset += (values.byteLength + 7) & ~7;
    return { ...entry, offset: at };
  });
  const head = new TextEncoder().encode(JSON.stringify({ title: 'Größe', columns: entries }));
  const start = (8 + head.length + 7) & ~7;
  const bytes = new Uint8Array(start + offset);
  bytes.set(new TextEncoder().encode('TFV1'));
  new DataView(bytes.buffer).setUint32(4, head.length, true);
  bytes.set(head, 8);
  for (const [i, { values }] of columns.entries())
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start + entries[i].offset);
  return bytes.buffer;
}

test('columns of every stored type', () => {
  const buffer = container([
    { name: 'a', type: 'i1', delta: false, length: 3, values: Int8Array.of(-1, 0, 127) },
    { name: 'b', type: 'i2', delta: true, length: 3, values: Int16Array.of(5, -300, 1) },
    { name: 'c', type: 'i4', delta: true, length: 2, values: Int32Array.of(2 ** 31 - 1, -(2 ** 31 - 1)) },
    { name: 'd', type: 'u1', delta: false, length: 2, values: Uint8Array.of(200, 255) },
    { name: 'e', type: 'f8', delta: false, length: 1, values: Float64Array.of(2 ** 40) },
    { name: 'f', type: 'f4', delta: false, length: 1, values: Float32Array.of(0.5) },
    { name: 'g', type: 'i1', delta: true, length: 0, values: new Int8Array(0) },
  ]);
  const { header, columns } = decodeContainer<{ title: string }>(buffer);
  expect(header).toEqual({ title: 'Größe' });
  expect(Object.fromEntries(columns)).toEqual({
    a: Int32Array.of(-1, 0, 127),
    b: Int32Array.of(5, -295, -294),
    c: Int32Array.of(2 ** 31 - 1, 0),
    d: Uint8Array.of(200, 255),
    e: Float64Array.of(2 ** 40),
    f: Float32Array.of(0.5),
    g: new Int32Array(0),
  });
});

test('what the tests encode is read back', () => {
  const columns = { n: Int32Array.of(1, -2), x: Float64Array.of(0.25), b: Uint8Array.of(7, 8, 9) };
  const decoded = decodeContainer<{ a: number }>(encodeContainer({ a: 1 }, columns));
  expect(decoded.header).toEqual({ a: 1 });
  expect(Object.fromEntries(decoded.columns)).toEqual(columns);
});

test.each([
  ['nothing', new ArrayBuffer(0)],
  ['an HTML page', new TextEncoder().encode('<!doctype html><title>504</title>').buffer],
])('%s is not taken for model data', (_, buffer) => {
  expect(() => decodeContainer(buffer)).toThrow('not model data');
});
