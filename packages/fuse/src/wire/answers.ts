/** What a file system answers with, before it is encoded. */
import type { FileLock } from "./request-files.ts";
import type { Timestamp } from "./timestamp.ts";

/** Attributes of a node, `struct fuse_attr`. */
export interface Attr {
  /** What stat(2) shows as st_ino. */
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
  /** Units of 512 bytes; default 0. */
  readonly blocks?: number;
  /** Times; default 1970. */
  readonly atime?: Timestamp;
  readonly mtime?: Timestamp;
  readonly ctime?: Timestamp;
  /** Type and permission bits. The type of a node must never change. */
  readonly mode: number;
  /** Default 1. */
  readonly nlink?: number;
  /** Default 0. */
  readonly uid?: number;
  readonly gid?: number;
  readonly rdev?: number;
  /** st_blksize, of which the kernel keeps a power of two; default 4096. */
  readonly blksize?: number;
  /** FUSE_ATTR_… */
  readonly flags?: number;
}

/** Answer to LOOKUP and the creating requests. It raises the lookup count of `nodeid` by one. */
export interface Entry {
  /** Number of the node from now on; 0: there is no such name, and the kernel may remember that for `entryValid`. */
  readonly nodeid: number;
  /** Must differ when a node number is used again; default 0. */
  readonly generation?: number;
  /** Seconds the kernel may keep the name and the attributes without asking; default 0. */
  readonly entryValid?: number;
  readonly attrValid?: number;
  /** May be left out when `nodeid` is 0. */
  readonly attr?: Attr;
}

/** Answer to OPEN, OPENDIR and, with an entry, CREATE. */
export interface Opened {
  /** Comes back with each request on this open file; default 0. */
  readonly fh?: number;
  /** FOPEN_…; default 0. */
  readonly flags?: number;
  /** With FOPEN_PASSTHROUGH: number of the backing file the kernel gave. */
  readonly backingId?: number;
}

/** Answer to STATFS; what is left out is 0. */
export interface Statfs {
  readonly blocks?: number;
  readonly bfree?: number;
  readonly bavail?: number;
  readonly files?: number;
  readonly ffree?: number;
  /** Bytes. */
  readonly bsize?: number;
  readonly namelen?: number;
  readonly frsize?: number;
}

/** Entry of a directory. */
export interface DirectoryEntry {
  readonly name: string | Uint8Array;
  readonly ino: number;
  /** DT_…: the type bits of the mode, shifted right by 12. */
  readonly type: number;
  /** The `offset` a READDIR will have that goes on after this entry; never 0. */
  readonly offset: number;
}

/** Answer to STATX. */
export interface StatxAnswer extends Attr {
  /** STATX_… bits that are filled in; default the basic ones. */
  readonly mask?: number;
  readonly btime?: Timestamp;
  /** STATX_ATTR_…, and which of them mean something. */
  readonly attributes?: number;
  readonly attributesMask?: number;
}

/** Answer to IOCTL. */
export interface IoctlAnswer {
  /** What ioctl(2) returns; default 0. */
  readonly result?: number;
  readonly output?: Uint8Array;
}

/** Answer to GETLK: the lock in the way, of type F_UNLCK if there is none. */
export type LockAnswer = FileLock;
