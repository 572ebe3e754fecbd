import type { FileId } from "../ids/file-id.ts";
import { readId } from "./messages.ts";
import { malformed, type WireReader, type WireWriter } from "./wire.ts";

/**
 * Memory of the worker in which contents of small files lie, for a receiving end that is its own child: they do not go through the connection.
 * What is looked at never lies there, as it may change at any time.
 */
export interface SharedMemory {
  /** The worker's descriptor: a memfd that is sealed against getting shorter. */
  readonly fd: number;
  readonly id: FileId;
  /** Bytes. */
  readonly size: number;
}

/** Most memory that is shared, in bytes. */
export const maxShared = 64 * 1024 * 1024;

export function writeShare(to: WireWriter, { fd, id, size }: SharedMemory): void {
  to.u32(fd).bytes(id).u32(size);
}

export function readShare(from: WireReader): SharedMemory {
  const memory = { fd: from.u32(), id: readId(from), size: from.u32() };
  if (memory.size < 1 || memory.size > maxShared) throw malformed(`a memory of ${memory.size} bytes`);
  return memory;
}
