/** For every key its nodes: node[first[k] .. first[k + 1]], and the edges that lead to them. */
export interface Adjacency {
  first: Int32Array;
  node: Int32Array;
  edge: Int32Array;
}

export function adjacency(n: number, keys: Int32Array, nodes: Int32Array): Adjacency {
  const first = new Int32Array(n + 1);
  for (const key of keys) first[key + 1]++;
  for (let v = 0; v < n; v++) first[v + 1] += first[v];
  const fill = first.slice(0, n);
  const node = new Int32Array(keys.length);
  const edge = new Int32Array(keys.length);
  for (let e = 0; e < keys.length; e++) {
    const at = fill[keys[e]]++;
    node[at] = nodes[e];
    edge[at] = e;
  }
  return { first, node, edge };
}
