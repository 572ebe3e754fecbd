import { FileStorage } from "../filestorage/index.ts";
import type { Oid } from "../ids/oid.ts";
import type { Storage } from "../storage.ts";

/** All oids a storage has ever stored, in order. They may lie far apart: a demo storage gives its objects random ones. */
export function allOids(storage: Storage): Iterable<Oid> {
  if (storage instanceof FileStorage) return storage.generation.index.entries().map(([oid]) => oid);
  const oids = new Set<Oid>();
  for (const { records } of storage.iterate()) for (const { oid } of records) oids.add(oid);
  return [...oids].sort((a, b) => (a < b ? -1 : 1));
}
