import { bytesOf, IO, PersistentRef, type BTree, type Connection, type StoredObject } from "@belay/zodb";
import { isFileClass, malformed } from "../files/states.ts";
import type { BlockFormat } from "./block-format.ts";
import { fileClasses } from "./file-classes.ts";
import { withoutZeroTail } from "./zero-tail.ts";

/** Length of a chunk of a ZBlk1, in bytes. */
export const chunkSize = 4096;

const nothing = new Uint8Array(0);

/** How the object stores a block; undefined: it is no block. */
export function formatOf(object: StoredObject): BlockFormat | undefined {
  if (isFileClass(object.class, "ZBlk0", "ZBlk")) return "ZBlk0";
  return isFileClass(object.class, "ZBlk1") ? "ZBlk1" : undefined;
}

/** The bytes of a block, without zeros at its end. @throws BelayError `EMALFORMED` */
export function readBlock(connection: Connection, object: StoredObject): Uint8Array {
  switch (formatOf(object)) {
    case "ZBlk0":
      return bytesState(object);
    case "ZBlk1":
      return joinChunks(connection, chunkTable(connection, object));
    case undefined:
      throw malformed("object in the place of a block");
  }
}

/** A new block. */
export function createBlock(connection: Connection, format: BlockFormat, data: Uint8Array): StoredObject {
  if (format === "ZBlk0") return connection.create(fileClasses.whole, withoutZeroTail(data));
  const table = connection.createBTree(IO);
  writeChunks(connection, table, data);
  return connection.create(fileClasses.chunked, connection.refTo(table));
}

/**
 * Gives a block other content, in the format it has.
 *
 * Of a ZBlk1 only the chunks that differ are written. The block itself is written too when any was: its revision tells who caches it.
 */
export function updateBlock(connection: Connection, object: StoredObject, data: Uint8Array): void {
  if (formatOf(object) === "ZBlk0") {
    object.state = withoutZeroTail(data);
    return;
  }
  const { state } = object;
  if (writeChunks(connection, chunkTable(connection, object), data)) object.state = state;
}

function chunkTable(connection: Connection, block: StoredObject): BTree<number> {
  if (!(block.state instanceof PersistentRef)) throw malformed("ZBlk1");
  return connection.btree(block.state.oid, IO);
}

function joinChunks(connection: Connection, table: BTree<number>): Uint8Array {
  const chunks = [...table.entries()].map(([offset, ref]) => ({
    offset,
    data: bytesState(chunkObject(connection, ref)),
  }));
  const last = chunks.at(-1);
  if (last === undefined) return nothing;
  const joined = new Uint8Array(last.offset + last.data.length);
  for (const { offset, data } of chunks) joined.set(data, offset);
  return joined;
}

/** @returns whether anything changed */
function writeChunks(connection: Connection, table: BTree<number>, data: Uint8Array): boolean {
  let changed = clearForeignChunks(connection, table);
  const length = Math.max(data.length, (table.maxKey() ?? 0) + chunkSize);
  for (let offset = 0; offset < length; offset += chunkSize) {
    const chunk = withoutZeroTail(data.subarray(offset, offset + chunkSize));
    changed = writeChunk(connection, table, offset, chunk) || changed;
  }
  return changed;
}

function writeChunk(connection: Connection, table: BTree<number>, offset: number, chunk: Uint8Array): boolean {
  const ref = table.get(offset);
  if (chunk.length === 0) return table.delete(offset);
  if (ref === undefined) return table.set(offset, connection.create(fileClasses.chunk, chunk).ref);
  const object = chunkObject(connection, ref);
  if (Buffer.compare(bytesState(object), chunk) === 0) return false;
  object.state = chunk;
  return true;
}

// Chunks of another size or at other places cannot be updated one by one.
function clearForeignChunks(connection: Connection, table: BTree<number>): boolean {
  const isForeign = [...table.entries()].some(
    ([offset, ref]) => offset % chunkSize !== 0 || bytesState(chunkObject(connection, ref)).length > chunkSize,
  );
  if (isForeign) table.clear();
  return isForeign;
}

function chunkObject(connection: Connection, ref: unknown): StoredObject {
  if (!(ref instanceof PersistentRef)) throw malformed("value in a table of chunks");
  const object = connection.get(ref.oid);
  if (!isFileClass(object.class, "ZData")) throw malformed("chunk");
  return object;
}

function bytesState(object: StoredObject): Uint8Array {
  const bytes = bytesOf(object.state);
  if (bytes === undefined) throw malformed(object.class.name);
  return bytes;
}
