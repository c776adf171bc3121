/** Decodes the container that tb_tflite_plugin/wire.py encodes; the layout is described there. */

export type Column = Int32Array | Uint8Array | Float64Array | Float32Array;

export interface Container<Header> {
  header: Header;
  /** Column by name; ragged ones have a twin `name.offsets`. */
  columns: Map<string, Column>;
}

interface Entry {
  name: string;
  type: 'i1' | 'i2' | 'i4' | 'u1' | 'f4' | 'f8';
  length: number;
  offset: number;
  delta: boolean;
}

const MAGIC = 0x31564654; // "TFV1"

export function decodeContainer<Header>(buffer: ArrayBuffer): Container<Header> {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC)
    throw new Error('the answer is not model data');
  const headerLength = view.getUint32(4, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength));
  const { columns: entries, ...header } = JSON.parse(text) as { columns: Entry[] };
  const start = (8 + headerLength + 7) & ~7;
  const columns = new Map(entries.map((entry) => [entry.name, decodeColumn(buffer, start, entry)]));
  return { header: header as Header, columns };
}

function decodeColumn(buffer: ArrayBuffer, start: number, entry: Entry): Column {
  const at = start + entry.offset;
  const n = entry.length;
  switch (entry.type) {
    case 'u1':
      return new Uint8Array(buffer, at, n);
    case 'f4':
      return new Float32Array(buffer, at, n);
    case 'f8':
      return new Float64Array(buffer, at, n);
    case 'i1':
      return integers(new Int8Array(buffer, at, n), entry.delta);
    case 'i2':
      return integers(new Int16Array(buffer, at, n), entry.delta);
    case 'i4':
      return integers(new Int32Array(buffer, at, n), entry.delta);
  }
}

function integers(stored: Int8Array | Int16Array | Int32Array, delta: boolean): Int32Array {
  const values = new Int32Array(stored);
  if (delta) for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
  return values;
}
