import { rowOf } from '../wire/csr.ts';
import type { Model } from '../wire/model.ts';
import type { Group } from './hierarchy.ts';

/**
 * What structure is found by: hashes of operators by what they are (type, fused activation, the shapes and types of outputs and constants), the edges
 * between children of a level, and the number of tensors that cross each place of a sequence. Hashes have 52 bits: equal means equal for all purposes here.
 */
export class Hasher {
  private readonly hashes: Float64Array;
  private readonly model: Model;
  private readonly host: Int32Array;
  private readonly childOf: Int32Array;

  constructor(model: Model, host: Int32Array) {
    this.model = model;
    this.host = host;
    this.childOf = new Int32Array(model.operatorCount).fill(-1);
    this.hashes = new Float64Array(model.operatorCount);
    for (let op = 0; op < model.operatorCount; op++) this.hashes[op] = this.hashOperator(op);
  }

  ofOperator(operator: number): number {
    return this.hashes[operator];
  }

  ofGroup(signature: number): number {
    return -1 - signature;
  }

  ofSequence(symbols: number[]): number {
    const mixer = new Mixer();
    for (const symbol of symbols) {
      mixer.add(symbol % 0x100000000);
      mixer.add(Math.floor(symbol / 0x100000000));
    }
    return mixer.value();
  }

  /** The edges between children, as places in the list; some more than once. */
  links(children: number[], groups: Group[]): { source: Int32Array; target: Int32Array } {
    const { model, childOf } = this;
    const operators = this.enter(children, groups);
    const source: number[] = [];
    const target: number[] = [];
    const { offsets, values } = model.inputs;
    for (const op of operators)
      for (let i = offsets[op]; i < offsets[op + 1]; i++) {
        const from = values[i] < 0 ? -1 : model.producer[values[i]];
        if (from < 0 || this.host[from] >= 0 || childOf[from] < 0 || childOf[from] === childOf[op]) continue;
        source.push(childOf[from]);
        target.push(childOf[op]);
      }
    for (const op of operators) childOf[op] = -1;
    return { source: Int32Array.from(source), target: Int32Array.from(target) };
  }

  /** Before each child, and after the last, how many tensors made earlier among the children are still to be read. */
  widths(children: number[], groups: Group[]): Int32Array {
    const { model, childOf } = this;
    const operators = this.enter(children, groups);
    const steps = new Int32Array(children.length + 2);
    for (const op of operators)
      for (const tensor of rowOf(model.outputs, op)) {
        if (tensor < 0) continue;
        let last = childOf[op];
        for (const user of rowOf(model.consumers, tensor)) {
          const at = childOf[this.host[user] >= 0 ? this.host[user] : user];
          if (at > last) last = at;
        }
        steps[childOf[op] + 1]++;
        steps[last + 1]--;
      }
    for (const op of operators) childOf[op] = -1;
    for (let i = 1; i < steps.length; i++) steps[i] += steps[i - 1];
    return steps.subarray(0, children.length + 1);
  }

  /** Notes for every operator of the children which child holds it; returns the operators. */
  private enter(children: number[], groups: Group[]): number[] {
    const operators: number[] = [];
    const pending: number[] = [];
    for (const [i, child] of children.entries()) {
      pending.push(child);
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        if (next < 0) for (const inner of groups[~next].children) pending.push(inner);
        else {
          this.childOf[next] = i;
          operators.push(next);
        }
      }
    }
    return operators;
  }

  private hashOperator(operator: number): number {
    const { model } = this;
    const mixer = new Mixer();
    mixer.add(model.operatorType[operator]);
    mixer.add(model.activation[operator]);
    for (const tensor of rowOf(model.outputs, operator)) this.addTensor(mixer, tensor);
    for (const tensor of rowOf(model.inputs, operator))
      if (tensor >= 0 && model.constantBytes[tensor] > 0) this.addTensor(mixer, tensor);
      else mixer.add(tensor < 0 ? -1 : -2);
    return mixer.value();
  }

  private addTensor(mixer: Mixer, tensor: number): void {
    if (tensor < 0) return;
    mixer.add(this.model.tensorType[tensor]);
    const shape = rowOf(this.model.tensorShape, tensor);
    mixer.add(shape.length);
    for (const size of shape) mixer.add(size);
  }
}

/** Two 32-bit mixes in the manner of MurmurHash3, joined to 52 bits. */
class Mixer {
  private a = 0x9747b28c;
  private b = 0x3c6ef372;

  add(value: number): void {
    this.a = round(this.a, value, 0xcc9e2d51, 0x1b873593);
    this.b = round(this.b, value, 0x239b961b, 0xab0e9789);
  }

  value(): number {
    return (finish(this.a) >>> 0) * 0x100000 + (finish(this.b) >>> 12);
  }
}

function round(hash: number, value: number, c1: number, c2: number): number {
  let k = Math.imul(value, c1);
  k = Math.imul((k << 15) | (k >>> 17), c2);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
