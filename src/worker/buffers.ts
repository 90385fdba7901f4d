/** Which memory can be handed to another thread instead of being copied. */

/** The buffers of all typed arrays in a plain object, and in those within it, but for shared ones. */
export function buffersIn(value: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  collect(value, buffers);
  return [...buffers];
}

function collect(value: unknown, buffers: Set<ArrayBuffer>): void {
  if (typeof value !== "object" || value === null) return;
  if (!ArrayBuffer.isView(value)) for (const inner of Object.values(value)) collect(inner, buffers);
  else if (value.buffer instanceof ArrayBuffer) buffers.add(value.buffer);
}
