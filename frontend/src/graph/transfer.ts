/** The buffers of all typed arrays in an object one or two levels deep, for handing over between threads. */
export function transferables(value: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const part of Object.values(value) as unknown[]) {
    if (ArrayBuffer.isView(part)) buffers.add(part.buffer as ArrayBuffer);
    else if (typeof part === 'object' && part !== null)
      for (const inner of transferables(part)) buffers.add(inner);
  }
  return [...buffers];
}
