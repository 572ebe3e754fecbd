import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { check, lastErrno, libc } from "../ffi/libc.ts";

const pidfdOpenNative = libc("int pidfd_open(int pid, uint32_t flags)");
const pidfdSendSignalNative = libc("int pidfd_send_signal(int pidfd, int signal, void *info, uint32_t flags)");

/**
 * pidfd_open(2): a descriptor that stays with this one process, whatever becomes of its number; it polls readable when
 * the process ends.
 *
 * @throws ErrnoError ESRCH when there is no such process
 */
export function pidfdOpen(pid: number): number {
  return check(pidfdOpenNative(pid, 0), "pidfd_open");
}

/** pidfd_send_signal(2); signal 0 only asks. @returns false when the process has ended and was waited for */
export function pidfdSendSignal(pidfd: number, signal: number): boolean {
  if (pidfdSendSignalNative(pidfd, signal, null, 0) >= 0) return true;
  const number = lastErrno();
  if (number === errno.ESRCH) return false;
  throw new ErrnoError(number, "pidfd_send_signal");
}
