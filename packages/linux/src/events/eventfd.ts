import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { check, lastErrno, libc } from "../ffi/libc.ts";

const eventfdNative = libc("int eventfd(uint32_t initial, int flags)");
const eventfdReadNative = libc("int eventfd_read(int fd, void *value)");
const eventfdWriteNative = libc("int eventfd_write(int fd, uint64_t value)");

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

/**
 * eventfd(2): a counter that polls readable while it is not 0. Non-blocking and close-on-exec; any thread may use it.
 */
export function eventfd(initial = 0): number {
  return check(eventfdNative(initial, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
}

/** Adds to the counter. A counter that is full already wakes its reader, so that is no error. */
export function eventfdSignal(fd: number, count = 1): void {
  if (eventfdWriteNative(fd, count) >= 0) return;
  const number = lastErrno();
  if (number !== errno.EAGAIN) throw new ErrnoError(number, "eventfd_write");
}

/** Takes the counter and sets it to 0. @returns 0 if it was 0 */
export function eventfdTake(fd: number): number {
  const value = new BigUint64Array(1);
  if (eventfdReadNative(fd, value) >= 0) return Number(value[0]);
  const number = lastErrno();
  if (number === errno.EAGAIN) return 0;
  throw new ErrnoError(number, "eventfd_read");
}
