import type { Attr } from "../wire/answers.ts";
import { timestampFromMilliseconds, type Timestamp } from "../wire/timestamp.ts";

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** A file, directory or symbolic link in memory. */
export interface MemoryNode {
  readonly nodeid: number;
  mode: number;
  uid: number;
  gid: number;
  rdev: number;
  nlink: number;
  lookups: number;
  atime: Timestamp;
  mtime: Timestamp;
  ctime: Timestamp;
  /** Content of a file, target of a link. */
  data: Buffer;
  /** Entries of a directory, by name in latin1, which is one character a byte. */
  readonly children: Map<string, MemoryNode>;
  readonly xattrs: Map<string, Buffer>;
}

export function newNode(nodeid: number, mode: number, uid: number, gid: number): MemoryNode {
  const now = timestampFromMilliseconds(Date.now());
  return {
    nodeid,
    mode,
    uid,
    gid,
    rdev: 0,
    nlink: (mode & S_IFMT) === S_IFDIR ? 2 : 1,
    lookups: 0,
    atime: now,
    mtime: now,
    ctime: now,
    data: Buffer.alloc(0),
    children: new Map(),
    xattrs: new Map(),
  };
}

export function attrOf(node: MemoryNode): Attr {
  const { nodeid: ino, mode, nlink, uid, gid, rdev, atime, mtime, ctime } = node;
  const size = node.data.length;
  return { ino, mode, nlink, uid, gid, rdev, atime, mtime, ctime, size, blocks: Math.ceil(size / 512) };
}

/** Grows with zeros or cuts. */
export function resize(node: MemoryNode, size: number): void {
  const data = Buffer.alloc(size);
  node.data.copy(data);
  node.data = data;
}
