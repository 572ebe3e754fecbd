import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { getInt64, putInt64 } from "../ffi/struct.ts";
import { check, checkRestarting, lastErrno, libc } from "../ffi/libc.ts";

const fcntlNative = libc("int fcntl(int fd, int command, void *lock)");

/**
 * Record locks of fcntl(2).
 *
 * The classic kind belongs to the *process*: closing any descriptor of the file drops them all, a child has none of
 * them, and a process never conflicts with itself. The OFD kind belongs to the open file description, as flock(2)'s do,
 * and excludes the classic kind as well as other descriptions.
 */
export type RecordLockKind = "process" | "description";

export const F_RDLCK = 0;
export const F_WRLCK = 1;
export const F_UNLCK = 2;

/** A lock on a range of a file. */
export interface RecordLock {
  /** {@link F_RDLCK}, {@link F_WRLCK} or {@link F_UNLCK}. */
  readonly type: number;
  /** First byte. */
  readonly start: number;
  /** Bytes; 0 reaches to the end of the file however it grows. */
  readonly length: number;
}

/** Who is in the way. */
export interface RecordLockHolder extends RecordLock {
  /** Process of a classic lock; -1 for a lock of a description. */
  readonly pid: number;
}

/** The whole file, for writing. */
export const wholeFileLock: RecordLock = { type: F_WRLCK, start: 0, length: 0 };

// F_GETLK, F_SETLK, F_SETLKW
const commands = { process: { get: 5, set: 6, wait: 7 }, description: { get: 36, set: 37, wait: 38 } } as const;

/**
 * F_SETLK, F_OFD_SETLK: takes, changes or (F_UNLCK) drops a lock without waiting.
 *
 * @returns false when another holds a conflicting lock
 */
export function trySetLock(fd: number, lock: RecordLock = wholeFileLock, kind: RecordLockKind = "process"): boolean {
  if (fcntlNative(fd, commands[kind].set, encode(lock)) >= 0) return true;
  const number = lastErrno();
  if (number === errno.EAGAIN || number === errno.EACCES) return false;
  throw new ErrnoError(number, "fcntl");
}

/**
 * F_SETLKW, F_OFD_SETLKW: as {@link trySetLock}, blocking the calling thread until the lock is free. EDEADLK for
 * classic cycles.
 */
export function setLockWait(fd: number, lock: RecordLock = wholeFileLock, kind: RecordLockKind = "process"): void {
  const struct = encode(lock);
  checkRestarting(() => fcntlNative(fd, commands[kind].wait, struct), "fcntl");
}

/** F_GETLK, F_OFD_GETLK: a lock that would be in the way of `lock`; undefined if there is none. */
export function getLock(
  fd: number,
  lock: RecordLock = wholeFileLock,
  kind: RecordLockKind = "process",
): RecordLockHolder | undefined {
  const struct = encode(lock);
  check(fcntlNative(fd, commands[kind].get, struct), "fcntl");
  const type = struct.readInt16LE(0);
  if (type === F_UNLCK) return undefined;
  return { type, start: getInt64(struct, 8), length: getInt64(struct, 16), pid: struct.readInt32LE(24) };
}

// struct flock: short type, short whence (SEEK_SET), off_t start @8, off_t length @16, pid_t @24 (0, as OFD commands
// demand)
function encode(lock: RecordLock): Buffer {
  const struct = Buffer.alloc(32);
  struct.writeInt16LE(lock.type, 0);
  putInt64(struct, 8, lock.start);
  putInt64(struct, 16, lock.length);
  return struct;
}
