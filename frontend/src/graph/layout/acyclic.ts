/** A topological order of a graph that may have cycles: edges against the order are the ones to draw backwards. */
export interface Ordering {
  /** Nodes in order. */
  order: Int32Array;
  /** Place of every node in it. */
  place: Int32Array;
}

/**
 * Kahn's algorithm, always taking the ready node with the smallest number, so that the order of execution (the numbering)
 * is kept where the edges leave a choice. Where only cycles are left, the smallest number goes first.
 */
export function topologicalOrder(n: number, source: Int32Array, target: Int32Array): Ordering {
  const waiting = new Int32Array(n);
  const first = new Int32Array(n + 1);
  for (let e = 0; e < source.length; e++) {
    waiting[target[e]]++;
    first[source[e] + 1]++;
  }
  for (let v = 0; v < n; v++) first[v + 1] += first[v];
  const next = new Int32Array(source.length);
  const fill = first.slice(0, n);
  for (let e = 0; e < source.length; e++) next[fill[source[e]]++] = target[e];

  const order = new Int32Array(n);
  const place = new Int32Array(n).fill(-1);
  const ready = new MinHeap(n);
  for (let v = 0; v < n; v++) if (waiting[v] === 0) ready.push(v);
  let count = 0;
  let oldest = 0;
  while (count < n) {
    let v = ready.pop();
    if (v < 0) {
      while (place[oldest] >= 0) oldest++;
      v = oldest;
    } else if (place[v] >= 0) continue;
    place[v] = count;
    order[count++] = v;
    for (let i = first[v]; i < first[v + 1]; i++) {
      const to = next[i];
      if (--waiting[to] === 0 && place[to] < 0) ready.push(to);
    }
  }
  return { order, place };
}

/** A binary heap of non-negative integers. */
class MinHeap {
  private readonly items: Int32Array;
  private size = 0;

  constructor(capacity: number) {
    this.items = new Int32Array(capacity + 1);
  }

  push(value: number): void {
    const { items } = this;
    let i = ++this.size;
    while (i > 1 && items[i >> 1] > value) {
      items[i] = items[i >> 1];
      i >>= 1;
    }
    items[i] = value;
  }

  /** The smallest item, -1 when there is none. */
  pop(): number {
    const { items } = this;
    if (this.size === 0) return -1;
    const top = items[1];
    const value = items[this.size--];
    let i = 1;
    for (let child = 2; child <= this.size; child = 2 * i) {
      if (child < this.size && items[child + 1] < items[child]) child++;
      if (items[child] >= value) break;
      items[i] = items[child];
      i = child;
    }
    items[i] = value;
    return top;
  }
}
