/**
 * Calls for loops over many small files: each takes an open file, gives a number, and makes no object.
 *
 * What {@link lookAtFile} found is read from {@link looked} before anything else asks statx(2).
 */
import { libc, orNegatedErrno } from "../ffi/libc.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "./open-flags.ts";
import { itself, struct, structMemory, statxNative, word } from "./statx-struct.ts";
import { STATX_BASIC_STATS, STATX_BTIME, STATX_MNT_ID } from "./statx.ts";

export { timeAt } from "./statx-struct.ts";

let futimensNative = libc("int futimens(int fd, void *times)", (found) => (futimensNative = found));

/** A time as bytes: seconds since 1970 (signed, 64 bits) and nanoseconds (32 bits), little-endian as the kernel has them here. */
export const timeBytes = 12;

/** An inode number (64 bits, little-endian), and a time as in {@link timeBytes}. */
export const inodeAndBtimeBytes = 8 + timeBytes;

const wanted = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;

/** statx(2) of an open file: 0 or -errno. */
export function lookAtFile(fd: number): number {
  return orNegatedErrno(statxNative(fd, itself.address, AT_EMPTY_PATH, wanted, structMemory.address));
}

/** As {@link lookAtFile}, of a path, a last link not followed. @param path  ends in a NUL byte */
export function lookAtPath(path: FixedMemory): number {
  return orNegatedErrno(statxNative(AT_FDCWD, path.address, AT_SYMLINK_NOFOLLOW, wanted, structMemory.address));
}

const inodeAt = 32;
const btimeAt = 80;
const ctimeAt = 96;
const mtimeAt = 112;

/** What the last {@link lookAtFile} or {@link lookAtPath} found. */
export const looked = {
  /** Type and permission bits. */
  get mode(): number {
    return word(7) & 0xffff;
  },
  get nlink(): number {
    return word(4);
  },
  get uid(): number {
    return word(5);
  },
  get gid(): number {
    return word(6);
  },
  /** Bytes; exact up to 2^53. */
  get size(): number {
    return word(11) * 2 ** 32 + word(10);
  },
  get devMajor(): number {
    return word(34);
  },
  get devMinor(): number {
    return word(35);
  },
  /** The object, and the mount through which it was seen; undefined where the kernel does not tell mounts (before Linux 5.8). */
  get identity(): string | undefined {
    if ((word(0) & STATX_MNT_ID) === 0) return undefined;
    return `${word(37)}:${word(36)}:${word(34)}:${word(35)}:${word(9)}:${word(8)}`;
  },
  /** Seconds since 1970, exact to a microsecond. */
  get ctimeSeconds(): number {
    return (word(25) | 0) * 2 ** 32 + word(24) + word(26) / 1e9;
  },
  /** Writes {@link inodeAndBtimeBytes}; the time is 0 where the file system keeps none. */
  putInodeAndBtime(to: Uint8Array, at: number): void {
    for (let index = 0; index < 8; index++) to[at + index] = struct[inodeAt + index] ?? 0;
    for (let index = 0; index < timeBytes; index++) to[at + 8 + index] = struct[btimeAt + index] ?? 0;
  },
  /** Writes {@link timeBytes}. */
  putMtime(to: Uint8Array, at: number): void {
    for (let index = 0; index < timeBytes; index++) to[at + index] = struct[mtimeAt + index] ?? 0;
  },
  /** Writes {@link timeBytes}. */
  putCtime(to: Uint8Array, at: number): void {
    for (let index = 0; index < timeBytes; index++) to[at + index] = struct[ctimeAt + index] ?? 0;
  },
} as const;

/** futimens(3): the mtime of an open file becomes what {@link timeBytes} at an offset say, its atime stays: 0 or -errno. */
export function setMtime(fd: number, from: Uint8Array, at: number): number {
  for (let index = 0; index < timeBytes; index++) times.bytes[16 + index] = from[at + index] ?? 0;
  return orNegatedErrno(futimensNative(fd, times.address));
}

const UTIME_OMIT = 0x3ffffffe;

// Two `struct timespec`, one for all calls: access and modification. What is not set below stays zero.
const times = new FixedMemory(32);
times.bytes.writeUInt32LE(UTIME_OMIT, 8);
