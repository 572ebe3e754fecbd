import { bodyOffset, isHandle, type FileId } from "../ids/file-id.ts";

/**
 * A number for an id, so that what is made one after another is mostly found side by side: the low half of the inode number, where handles and our
 * own ids have it. Others may have the same.
 */
export function indexKey(id: FileId): number {
  const at = inodeAt(id);
  if (at + 4 <= id.length) return id.readUInt32LE(at);
  let hash = 0x811c9dc5;
  for (const byte of id) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** tmpfs has the generation there first: three words in all, and a type that file systems with two words have. */
const tmpfs = { length: 20, type: 1, inode: 12 } as const;

function inodeAt(id: FileId): number {
  const isOfTmpfs = isHandle(id) && id.length === tmpfs.length && id.readUInt32LE(4) === tmpfs.type;
  return isOfTmpfs ? tmpfs.inode : bodyOffset(id);
}
