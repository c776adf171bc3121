import { decodeContainer, type Column } from './container.ts';
import { csrFromPairs, rowOf, type Csr } from './csr.ts';

/** A tensor that goes in or out of a subgraph, as the overview lists it. */
export interface Endpoint {
  tensor: number;
  name: string;
  dtype: string;
  shape: number[];
}

export interface SubgraphSummary {
  name: string;
  operators: number;
  tensors: number;
  inputs: (Endpoint | null)[];
  outputs: (Endpoint | null)[];
}

export interface Signature {
  key: string;
  subgraph: number;
  inputs: Record<string, number>;
  outputs: Record<string, number>;
}

export interface Finding {
  severity: 'error' | 'warning' | 'note';
  code: string;
  message: string;
  operators: number[];
}

/** The summary of the `inspect` report; figures are defined in docs/overview.md. */
export interface Summary {
  size_bytes: number;
  schema_version: number;
  description: string;
  min_runtime_version: string | null;
  operators: number;
  tensors: number;
  subgraphs: SubgraphSummary[];
  signatures: Signature[];
  operator_types: Record<string, number>;
  parameters: number;
  weight_bytes: number;
  weight_types: Record<string, number>;
  activation_types: Record<string, number>;
  metadata: { name: string; size_bytes: number }[];
  associated_files: { name: string; size_bytes: number }[];
  external_buffers: number;
}

interface Header {
  summary: Summary;
  findings: Finding[];
  reports: string[];
  operatorTypes: string[];
  operatorFamilies: string[];
  operandNames: string[][];
  families: string[];
  dtypes: Record<string, { name: string; bits: number }>;
  subgraphNames: string[];
  signatures: Signature[];
  controlFlow: [number, Record<string, number>][];
}

/** A model as columns. Operators and tensors are numbered over all subgraphs, as everywhere. */
export interface Model {
  summary: Summary;
  findings: Finding[];
  /** Names of the reports that there are. */
  reports: string[];
  signatures: Signature[];
  /** Roles and subgraphs of operators that run other subgraphs. */
  controlFlow: Map<number, Record<string, number>>;
  operatorTypes: string[];
  /** Family name of every operator type. */
  typeFamilies: string[];
  families: string[];
  /** Input names of every operator type, as many as any operator of it has. */
  operandNames: string[][];
  dtypes: Record<string, { name: string; bits: number }>;
  subgraphNames: string[];
  /** Subgraph g has the operators from subgraphOperators[g] to the next edge; tensors likewise. */
  subgraphOperators: Int32Array;
  subgraphTensors: Int32Array;
  subgraphInputs: Csr;
  subgraphOutputs: Csr;
  operatorCount: number;
  operatorType: Int32Array;
  /** ActivationFunctionType fused into the operator, 0 for none. */
  activation: Uint8Array;
  inputs: Csr;
  outputs: Csr;
  tensorCount: number;
  tensorNameOffsets: Int32Array;
  tensorNameBytes: Uint8Array;
  tensorType: Uint8Array;
  tensorShape: Csr;
  /** Stored bytes of constants, 0 for all other tensors. */
  constantBytes: Float64Array;
  variable: Uint8Array;
  /** Operator that writes each tensor, -1 for none. */
  producer: Int32Array;
  consumers: Csr;
}

export const ACTIVATIONS = ['', 'RELU', 'RELU_N1_TO_1', 'RELU6', 'TANH', 'SIGN_BIT'];

export function decodeModel(buffer: ArrayBuffer): Model {
  const { header, columns } = decodeContainer<Header>(buffer);
  const ints = (name: string): Int32Array => asInts(columns.get(name));
  const bytes = (name: string): Uint8Array => {
    const column = columns.get(name) ?? [];
    return column instanceof Uint8Array ? column : new Uint8Array(column);
  };
  const csr = (name: string): Csr => ({ offsets: ints(`${name}.offsets`), values: ints(name) });
  const inputs = csr('operator.inputs');
  const outputs = csr('operator.outputs');
  const tensorType = bytes('tensor.type');
  const operatorType = ints('operator.type');
  return {
    summary: header.summary,
    findings: header.findings,
    reports: header.reports,
    signatures: header.signatures,
    controlFlow: new Map(header.controlFlow),
    operatorTypes: header.operatorTypes,
    typeFamilies: header.operatorFamilies,
    families: header.families,
    operandNames: header.operandNames,
    dtypes: header.dtypes,
    subgraphNames: header.subgraphNames,
    subgraphOperators: ints('subgraph.operators'),
    subgraphTensors: ints('subgraph.tensors'),
    subgraphInputs: csr('subgraph.inputs'),
    subgraphOutputs: csr('subgraph.outputs'),
    operatorCount: operatorType.length,
    operatorType,
    activation: bytes('operator.activation'),
    inputs,
    outputs,
    tensorCount: tensorType.length,
    tensorNameOffsets: ints('tensor.name.offsets'),
    tensorNameBytes: bytes('tensor.name'),
    tensorType,
    tensorShape: csr('tensor.shape'),
    constantBytes: new Float64Array(columns.get('tensor.constantBytes') ?? []),
    variable: bytes('tensor.variable'),
    ...links(tensorType.length, inputs, outputs),
  };
}

function asInts(column: Column | undefined): Int32Array {
  return column instanceof Int32Array ? column : Int32Array.from(column ?? []);
}

/** Who writes and reads each tensor. Plain loops over the columns: the page waits for this on its own thread. */
function links(tensors: number, inputs: Csr, outputs: Csr): { producer: Int32Array; consumers: Csr } {
  const producer = new Int32Array(tensors).fill(-1);
  for (let op = 0; op + 1 < outputs.offsets.length; op++)
    for (let i = outputs.offsets[op]; i < outputs.offsets[op + 1]; i++)
      if (outputs.values[i] >= 0) producer[outputs.values[i]] = op;
  const read = new Int32Array(inputs.values.length);
  const readers = new Int32Array(inputs.values.length);
  let count = 0;
  for (let op = 0; op + 1 < inputs.offsets.length; op++)
    for (let i = inputs.offsets[op]; i < inputs.offsets[op + 1]; i++)
      if (inputs.values[i] >= 0) {
        read[count] = inputs.values[i];
        readers[count++] = op;
      }
  return { producer, consumers: csrFromPairs(tensors, read.subarray(0, count), readers.subarray(0, count)) };
}

const decoder = new TextDecoder();

export function tensorName(model: Model, tensor: number): string {
  const { tensorNameOffsets: offsets, tensorNameBytes: blob } = model;
  const names = asciiOf(blob);
  if (names !== null) return names.slice(offsets[tensor], offsets[tensor + 1]);
  return decoder.decode(blob.subarray(offsets[tensor], offsets[tensor + 1]));
}

const asciiTexts = new WeakMap<Uint8Array, string | null>();

/** All names in one text, if they are ASCII, as most are: slices of it take a tenth of the time of decoding one by one. */
function asciiOf(blob: Uint8Array): string | null {
  let text = asciiTexts.get(blob);
  if (text === undefined) {
    const whole = decoder.decode(blob);
    text = whole.length === blob.length ? whole : null; // what is not ASCII has fewer characters than bytes
    asciiTexts.set(blob, text);
  }
  return text;
}

/** The layer name of an operator: the name of its first output. */
export function operatorName(model: Model, operator: number): string {
  const outputs = rowOf(model.outputs, operator);
  return outputs.length > 0 && outputs[0] >= 0 ? tensorName(model, outputs[0]) : '';
}

export function operatorTypeName(model: Model, operator: number): string {
  return model.operatorTypes[model.operatorType[operator]];
}

export function operatorFamily(model: Model, operator: number): string {
  return model.typeFamilies[model.operatorType[operator]];
}

export function dtypeName(model: Model, tensor: number): string {
  return model.dtypes[String(model.tensorType[tensor])].name;
}

/** Bits of an element, 0 where they are not fixed, as of strings. */
export function dtypeBits(model: Model, tensor: number): number {
  return Math.max(model.dtypes[String(model.tensorType[tensor])].bits, 0);
}

export function subgraphOf(model: Model, operator: number): number {
  return upperBound(model.subgraphOperators, operator) - 1;
}

export function subgraphOfTensor(model: Model, tensor: number): number {
  return upperBound(model.subgraphTensors, tensor) - 1;
}

/** Number of leading entries that are not greater than value. */
function upperBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
