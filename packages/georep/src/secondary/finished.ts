import type { ObjectMap } from "./object-map.ts";

/** How many batches were finished with a memory: one that was put back to what it was before (a restored destination) tells of fewer than the worker knows of. */
export function finishedBatches(map: ObjectMap): number {
  const bytes = map.fact("finished");
  return bytes?.length === 8 ? Number(bytes.readBigUInt64LE()) : 0;
}

export function putFinished(map: ObjectMap, count: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count));
  map.putFact("finished", bytes);
}
