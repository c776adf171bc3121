/**
 * Models for tests: built operator by operator, or read from a few lines of text. They go through the same bytes as models
 * from the server, so that what decodes those is tested along the way. Only tests import this.
 */
import { decodeModel, type Model } from '../wire/model.ts';

/** The layout of the bytes is described in tb_tflite_plugin/wire.py; nothing is narrowed or delta-coded here. */
export function encodeContainer(
  header: object,
  columns: Record<string, Int32Array | Uint8Array | Float64Array>,
): ArrayBuffer {
  let end = 0;
  const entries = Object.entries(columns).map(([name, values]) => {
    const offset = end;
    end = padded(offset + values.byteLength);
    const type = values instanceof Int32Array ? 'i4' : values instanceof Uint8Array ? 'u1' : 'f8';
    return { name, type, length: values.length, offset, delta: false };
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, columns: entries }));
  const start = padded(8 + text.length);
  const bytes = new Uint8Array(start + end);
  bytes.set(new TextEncoder().encode('TFV1'));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  bytes.set(text, 8);
  for (const [i, values] of Object.values(columns).entries())
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start + entries[i].offset);
  return bytes.buffer;
}

function padded(length: number): number {
  return (length + 7) & ~7;
}

/** Lists of integers, one after the other. */
class Lists {
  private readonly offsets = [0];
  private readonly values: number[] = [];

  add(list: Iterable<number>): void {
    for (const value of list) this.values.push(value);
    this.offsets.push(this.values.length);
  }

  columns(name: string): Record<string, Int32Array> {
    return { [`${name}.offsets`]: Int32Array.from(this.offsets), [name]: Int32Array.from(this.values) };
  }
}

const DTYPES = {
  '0': { name: 'FLOAT32', bits: 32 },
  '1': { name: 'FLOAT16', bits: 16 },
  '9': { name: 'INT8', bits: 8 },
};
const FAMILIES = ['convolution', 'elementwise', 'data', 'control'];
const FAMILY_OF: Record<string, string> = { CONV_2D: 'convolution', ADD: 'elementwise', WHILE: 'control' };

export class ModelBuilder {
  private readonly types = new Map<string, number>();
  private readonly operatorType: number[] = [];
  private readonly activation: number[] = [];
  private readonly inputs = new Lists();
  private readonly outputs = new Lists();
  private readonly names: Uint8Array[] = [];
  private readonly tensorType: number[] = [];
  private readonly shapes = new Lists();
  private readonly constantBytes: number[] = [];
  private readonly graphNames: string[] = [];
  private readonly graphOperators = [0];
  private readonly graphTensors = [0];
  private readonly graphInputs = new Lists();
  private readonly graphOutputs = new Lists();
  private readonly controlFlow: [number, Record<string, number>][] = [];

  tensor(name: string, shape: Iterable<number> = [1, 8], constantBytes = 0, type = 0): number {
    this.names.push(new TextEncoder().encode(name));
    this.shapes.add(shape);
    this.constantBytes.push(constantBytes);
    return this.tensorType.push(type) - 1;
  }

  operator(type: string, inputs: Iterable<number>, outputs: Iterable<number>, activation = 0): number {
    if (!this.types.has(type)) this.types.set(type, this.types.size);
    this.inputs.add(inputs);
    this.outputs.add(outputs);
    this.activation.push(activation);
    return this.operatorType.push(this.types.get(type)!) - 1;
  }

  /** An operator with one output of the same name, which is returned. */
  apply(type: string, inputs: Iterable<number>, name: string, shape?: Iterable<number>): number {
    const output = this.tensor(name, shape);
    this.operator(type, inputs, [output]);
    return output;
  }

  runs(operator: number, roles: Record<string, number>): void {
    this.controlFlow.push([operator, roles]);
  }

  /** Ends a subgraph: it has all that was added since the one before. */
  subgraph(name: string, inputs: Iterable<number>, outputs: Iterable<number>): this {
    this.graphNames.push(name);
    this.graphOperators.push(this.operatorType.length);
    this.graphTensors.push(this.tensorType.length);
    this.graphInputs.add(inputs);
    this.graphOutputs.add(outputs);
    return this;
  }

  encode(): ArrayBuffer {
    const types = [...this.types.keys()];
    const header = {
      summary: {},
      findings: [],
      reports: ['ops', 'tensors'],
      operatorTypes: types,
      operatorFamilies: types.map((type) => FAMILY_OF[type] ?? 'data'),
      operandNames: types.map((type) => (type === 'CONV_2D' ? ['input', 'filter', 'bias'] : [])),
      families: FAMILIES,
      dtypes: DTYPES,
      subgraphNames: this.graphNames,
      signatures: [],
      controlFlow: this.controlFlow,
    };
    const nameOffsets = new Int32Array(this.names.length + 1);
    for (const [i, name] of this.names.entries()) nameOffsets[i + 1] = nameOffsets[i] + name.length;
    const names = new Uint8Array(nameOffsets[this.names.length]);
    for (const [i, name] of this.names.entries()) names.set(name, nameOffsets[i]);
    return encodeContainer(header, {
      'operator.type': Int32Array.from(this.operatorType),
      'operator.activation': Uint8Array.from(this.activation),
      ...this.inputs.columns('operator.inputs'),
      ...this.outputs.columns('operator.outputs'),
      'tensor.name': names,
      'tensor.name.offsets': nameOffsets,
      'tensor.type': Uint8Array.from(this.tensorType),
      ...this.shapes.columns('tensor.shape'),
      'tensor.constantBytes': Float64Array.from(this.constantBytes),
      'tensor.variable': new Uint8Array(this.tensorType.length),
      'subgraph.operators': Int32Array.from(this.graphOperators),
      'subgraph.tensors': Int32Array.from(this.graphTensors),
      ...this.graphInputs.columns('subgraph.inputs'),
      ...this.graphOutputs.columns('subgraph.outputs'),
    });
  }

  build(): Model {
    return decodeModel(this.encode());
  }
}

export interface GraphText {
  name?: string;
  inputs: string[];
  outputs: string[];
  /** `y = CONV_2D+RELU(x, w, -)`; several outputs by commas, `-` for an operand that is left out. */
  operators: string[];
  /** Constants and their shapes, four bytes an element. */
  constants?: Record<string, number[]>;
  shapes?: Record<string, number[]>;
  /** By output name, what an operator runs: `{ y: { body: 1 } }`. */
  runs?: Record<string, Record<string, number>>;
}

const RELU = 1;

export function modelOf(...graphs: GraphText[]): Model {
  const builder = new ModelBuilder();
  for (const graph of graphs) addGraph(builder, graph);
  return builder.build();
}

/** The tensor of a name; the first where several have it. */
export function tensorOf(model: Model, name: string): number {
  const { tensorNameOffsets: offsets, tensorNameBytes: bytes } = model;
  const decoder = new TextDecoder();
  for (let tensor = 0; tensor < model.tensorCount; tensor++)
    if (decoder.decode(bytes.subarray(offsets[tensor], offsets[tensor + 1])) === name) return tensor;
  throw new Error(`no tensor is called ${name}`);
}

/** The operator that makes the tensor of a name. */
export function operatorOf(model: Model, name: string): number {
  return model.producer[tensorOf(model, name)];
}

function addGraph(builder: ModelBuilder, graph: GraphText): void {
  const known = new Map<string, number>();
  const tensor = (name: string): number => {
    if (name === '-') return -1;
    let id = known.get(name);
    if (id === undefined) {
      const constant = graph.constants?.[name];
      const bytes = constant === undefined ? 0 : 4 * constant.reduce((a, b) => a * b, 1);
      id = builder.tensor(name, constant ?? graph.shapes?.[name], bytes);
      known.set(name, id);
    }
    return id;
  };
  for (const name of graph.inputs) tensor(name);
  for (const line of graph.operators) {
    const [, outputs, type, inputs] = /^(.*) = ([^(]*)\((.*)\)$/.exec(line)!;
    const list = (names: string): number[] => (names === '' ? [] : names.split(', ').map(tensor));
    const [name, activation] = type.split('+');
    const operator = builder.operator(name, list(inputs), list(outputs), activation === 'RELU' ? RELU : 0);
    const roles = graph.runs?.[outputs.split(', ')[0]];
    if (roles !== undefined) builder.runs(operator, roles);
  }
  builder.subgraph(graph.name ?? 'main', graph.inputs.map(tensor), graph.outputs.map(tensor));
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

const TYPES = ['ADD', 'MUL', 'CONV_2D', 'RESHAPE', 'SOFTMAX'];

/**
 * Operators that read one to three earlier tensors, mostly near ones, with names in scopes that need not fit the data:
 * the same scope may come back much later.
 */
export function randomModel(operators: number, seed: number, scopes = 12): Model {
  const random = randomNumbers(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const builder = new ModelBuilder();
  const made = [builder.tensor('in_0'), builder.tensor('in_1')];
  const weight = builder.tensor('w', [8, 8], 256);
  const path = (): string => Array.from({ length: pick(4) }, () => `s${pick(scopes)}/`).join('');
  let scope = path();
  for (let i = 0; i < operators; i++) {
    if (random() < 0.2) scope = path();
    const reach = random() < 0.9 ? 8 : made.length;
    const inputs = Array.from(
      { length: 1 + pick(3) },
      () => made[Math.max(0, made.length - 1 - pick(reach))],
    );
    if (random() < 0.3) inputs.push(weight);
    if (random() < 0.1) inputs.push(-1);
    const outputs = Array.from({ length: random() < 0.1 ? 2 : 1 }, (_, k) =>
      builder.tensor(`${scope}t${i}_${k}`, [1, pick(3)]),
    );
    builder.operator(TYPES[pick(TYPES.length)], inputs, outputs);
    made.push(...outputs);
  }
  return builder.subgraph('main', [0, 1], made.slice(-2)).build();
}

export interface StackOptions {
  layers: number;
  /** Scopes in the names, `model/layers.3/attention/query`; otherwise `t17`. */
  named?: boolean;
  /** A layer with one operator more than the others. */
  odd?: number;
  /** Elements per token in each layer, where they differ. */
  width?: (layer: number) => number;
}

/** Decoder layers of 27 operators, as a language model has them: all read the same mask and the same rotations. */
export function decoderStack({
  layers,
  named = false,
  odd = -1,
  width = () => 64,
}: StackOptions): ModelBuilder {
  const builder = new ModelBuilder();
  const tokens = builder.tensor('tokens', [1, 16]);
  const mask = builder.tensor('mask', [1, 1, 16, 16]);
  const positions = builder.tensor('positions', [16]);
  let count = 0;
  let scope = '';
  let size = width(0);
  const add = (type: string, inputs: number[], name: string): number =>
    builder.apply(type, inputs, named ? `${scope}/${name}` : `t${count++}`, [1, 16, size]);
  const weight = (): number =>
    builder.tensor(named ? `${scope}/w` : `t${count++}`, [size, size], 4 * size * size);
  const norm = (x: number, name: string): number => {
    const mean = add('MEAN', [add('MUL', [x, x], `${name}/square`)], `${name}/mean`);
    const scale = add('RSQRT', [mean], `${name}/rsqrt`);
    return add('MUL', [add('MUL', [x, scale], `${name}/mul`), weight()], `${name}/scale`);
  };
  const dense = (x: number, name: string): number => add('FULLY_CONNECTED', [x, weight()], name);
  const rotate = (x: number, name: string): number =>
    add('ADD', [add('MUL', [x, cos], `${name}/mul`), add('MUL', [x, sin], `${name}/mul_1`)], `${name}/add`);

  scope = 'model/embed';
  let x = add('GATHER', [weight(), tokens], 'gather');
  const cos = add('COS', [positions], 'cos');
  const sin = add('SIN', [positions], 'sin');
  for (let layer = 0; layer < layers; layer++) {
    scope = `model/layers.${layer}`;
    size = width(layer);
    const normed = norm(x, 'input_norm');
    const query = rotate(dense(normed, 'attention/query'), 'attention/rotate_query');
    const key = rotate(dense(normed, 'attention/key'), 'attention/rotate_key');
    const value = dense(normed, 'attention/value');
    const scores = add(
      'ADD',
      [add('BATCH_MATMUL', [query, key], 'attention/scores'), mask],
      'attention/masked',
    );
    const read = add(
      'BATCH_MATMUL',
      [add('SOFTMAX', [scores], 'attention/softmax'), value],
      'attention/read',
    );
    const attended = add('ADD', [x, dense(read, 'attention/output')], 'residual');
    const ready = norm(attended, 'post_norm');
    const gate = add('LOGISTIC', [dense(ready, 'mlp/gate')], 'mlp/logistic');
    const wide = add('MUL', [gate, dense(ready, 'mlp/up')], 'mlp/mul');
    x = add('ADD', [attended, dense(wide, 'mlp/down')], 'residual_1');
    if (layer === odd) x = add('TANH', [x], 'cap');
  }
  scope = 'model/head';
  const logits = dense(norm(x, 'norm'), 'logits');
  return builder.subgraph('main', [tokens, mask, positions], [logits]);
}

/** A sequence of operators of the types given, each reading what the one before made; names say nothing. */
export function sequence(types: string[]): Model {
  const builder = new ModelBuilder();
  let x = builder.tensor('x');
  for (const [i, type] of types.entries()) x = builder.apply(type, [x], `t${i}`);
  return builder.subgraph('main', [0], [x]).build();
}
