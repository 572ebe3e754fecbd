import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  errno,
  errnoOf,
  FixedMemory,
  longestHandle,
  nameToHandleAt,
  putHandle,
  statx,
  type Path,
  type Statx,
} from "@belay/linux";

import { BelayError } from "@belay/supervise";

import { viewOf } from "./id-hash.ts";

/**
 * Identity of a file or directory that outlives renames: opaque bytes, at most {@link maxIdBytes}.
 *
 * In a local tree it is the kernel's file handle (inode and generation) itself, so that whoever may use open_by_handle_at(2) finds the
 * object again from its id alone. A file system without handles gives inode and birth time instead; a destination may know files by those although it
 * has handles. Ids are those of one file system: a replicated tree does not reach across mount points.
 */
export type FileId = Buffer;

/** Longest id; its hexadecimal form is a file name. */
export const maxIdBytes = 120;

/** Room for an id, for hot loops: one for many, one after the other. */
export class IdRoom {
  readonly memory = new FixedMemory(longestHandle);
  readonly view = viewOf(this.memory.bytes);
  length = 0;
}

/** Key of an id in a Map. */
export function keyOf(id: Uint8Array): string {
  if (Buffer.isBuffer(id)) return id.toString("latin1");
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("latin1");
}

/** The id of a {@link keyOf}. */
export function idOfKey(key: string): FileId {
  return Buffer.from(key, "latin1");
}

/**
 * Id of a name in a directory, without following a link; an empty name is the descriptor itself.
 *
 * @throws ErrnoError ENOENT
 */
export function fileIdAt(dirfd: number, name: Path): FileId {
  try {
    const { handle } = nameToHandleAt(dirfd, name, name.length === 0 ? AT_EMPTY_PATH : 0);
    if (handle.length <= maxIdBytes) return handle;
  } catch (error) {
    if (errnoOf(error) !== errno.EOPNOTSUPP) throw error;
    return statIdAt(dirfd, name);
  }
  throw new BelayError("EOPNOTSUPP", "the file system's file handles are too long to be ids", {
    hint: "replicate a local file system, not one mounted over the network",
  });
}

/** As {@link fileIdAt} of an open file, for hot loops: writes the id to where there is room for `longestHandle` bytes. @returns its length */
export function putFileId(fd: number, to: FixedMemory, at: number): number {
  const length = putHandle(fd, to, at);
  if (length > 0 && length <= maxIdBytes) return length;
  const id = fileIdAt(fd, "");
  to.bytes.set(id, at);
  return id.length;
}

/**
 * Tells whether an id was given to an inode of this number. A false one may still be right: not every file system writes the number where we look.
 */
export function mentionsInode(id: FileId, ino: bigint): boolean {
  return inodeOffset(id, ino) !== 0;
}

/** Where the low half of an inode number stands in an id; 0: nowhere. */
export function inodeOffset(id: FileId, ino: bigint): number {
  const low = Number(ino & 0xffff_ffffn);
  for (let at = bodyOffset(id); at + 4 <= id.length; at += 4) if (id.readUInt32LE(at) === low) return at;
  return 0;
}

/** Where an id says of which inode it is: behind length and type of a `struct file_handle`, or behind the mark of our own ids. */
export function bodyOffset(id: FileId): number {
  return isHandle(id) ? handleHeader : statMark.length;
}

/** Length and type of a `struct file_handle`. */
const handleHeader = 8;

/** Tells whether an id can be given to open_by_handle_at(2). */
export function isHandle(id: FileId): boolean {
  // Mostly the first byte tells; a view of the id costs more than all the rest.
  return id[0] !== statMark[0] || !id.subarray(0, statMark.length).equals(statMark);
}

const statMark = Buffer.from("ino+btime:");

/** What inode a file or directory has, and since when. */
export type Origin = Pick<Statx, "ino" | "btime">;

/** Id of a file or directory without its handle: what it is where the file system has none, and see `tellsApart`. @throws ErrnoError ENOENT */
export function statIdAt(dirfd: number, name: Path): FileId {
  return statIdOf(statx(dirfd, name, AT_SYMLINK_NOFOLLOW | (name.length === 0 ? AT_EMPTY_PATH : 0)));
}

/** See {@link statIdAt}. */
export function statIdOf({ ino, btime }: Origin): FileId {
  const id = Buffer.alloc(statMark.length + 16);
  statMark.copy(id);
  id.writeBigUInt64LE(ino, statMark.length);
  id.writeBigInt64LE(btime, statMark.length + 8);
  return id;
}
