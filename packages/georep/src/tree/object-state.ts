import type { FileId } from "../ids/file-id.ts";

/** One extended attribute; ACLs are those named `system.posix_acl_access` and `system.posix_acl_default`. */
export interface Xattr {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** Everything a replica has to have of one object, besides names and content. */
export interface ObjectState {
  readonly id: FileId;
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file, otherwise 0. */
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Nanoseconds since 1970; not replicated, but tells that something changed. */
  readonly ctime: bigint;
  readonly nlink: number;
  /** Of a device, otherwise 0. */
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Of a symbolic link, otherwise empty. */
  readonly target: Buffer;
  /** Sorted by name. */
  readonly xattrs: readonly Xattr[];
}

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** Type bits of a mode. */
export const typeOf = (mode: number): number => mode & S_IFMT;
export const isDirectory = (mode: number): boolean => typeOf(mode) === S_IFDIR;
export const isRegular = (mode: number): boolean => typeOf(mode) === S_IFREG;
export const isLink = (mode: number): boolean => typeOf(mode) === S_IFLNK;
export const isDevice = (mode: number): boolean => typeOf(mode) === S_IFBLK || typeOf(mode) === S_IFCHR;
