import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { checkRestarting, lastErrno, libc } from "../ffi/libc.ts";

const flockNative = libc("int flock(int fd, int operation)");

export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

/**
 * flock(2): locks the open file description; it goes with the last descriptor of that description, children's included.
 *
 * Blocks the calling thread unless LOCK_NB is given, in which case EWOULDBLOCK tells that another has it.
 */
export function flock(fd: number, operation: number): void {
  checkRestarting(() => flockNative(fd, operation), "flock");
}

/** Takes the lock if it is free. @returns false when another description has it */
export function tryFlock(fd: number, operation: typeof LOCK_SH | typeof LOCK_EX): boolean {
  if (flockNative(fd, operation | LOCK_NB) >= 0) return true;
  const number = lastErrno();
  if (number === errno.EWOULDBLOCK) return false;
  throw new ErrnoError(number, "flock");
}
