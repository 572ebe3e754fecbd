import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { cString, type Path } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";
import { readRaw } from "../files/io.ts";
import { fanotifyEventsIn, parseFanotifyEvents, type FanotifyEvent } from "./fanotify-event.ts";

const fanotifyInitNative = libc("int fanotify_init(uint32_t flags, uint32_t eventFlags)");
const fanotifyMarkNative = libc("int fanotify_mark(int fd, uint32_t flags, uint64_t mask, int dirfd, void *path)");

const FAN_CLOEXEC = 0x1;
const FAN_NONBLOCK = 0x2;
// libc says 0 on 64-bit machines, but the kernel wants to hear it for descriptors it opens itself.
const O_LARGEFILE = process.arch === "arm64" ? 0o400000 : 0o100000;

/**
 * fanotify_init(2): non-blocking and close-on-exec. Needs CAP_SYS_ADMIN for marks on mounts and file systems.
 *
 * @param flags  FAN_CLASS_NOTIF, FAN_REPORT_…, FAN_UNLIMITED_…
 */
export function fanotifyInit(flags: number): number {
  return check(fanotifyInitNative(flags | FAN_CLOEXEC | FAN_NONBLOCK, O_LARGEFILE), "fanotify_init");
}

/**
 * fanotify_mark(2).
 *
 * @param flags  FAN_MARK_…
 * @param mask  FAN_… events
 */
export function fanotifyMark(fd: number, flags: number, mask: number, dirfd: number, path: Path): void {
  check(fanotifyMarkNative(fd, flags, mask, dirfd, cString(path)), "fanotify_mark", path);
}

/**
 * Takes the events that are waiting, at most what fits `buffer`; none: an empty list. Events refer to the buffer's
 * bytes.
 */
export function fanotifyRead(fd: number, buffer: Buffer = Buffer.allocUnsafe(65536)): FanotifyEvent[] {
  return parseFanotifyEvents(readBytes(fd, buffer));
}

/**
 * As {@link fanotifyRead}, but only what happened in directories that matter, each event when it is its turn.
 *
 * @param matters  see {@link fanotifyEventsIn}
 * @returns undefined: nothing is waiting
 */
export function fanotifyReadOf(
  fd: number,
  buffer: Buffer,
  matters: (directory: Buffer) => boolean,
): Iterable<FanotifyEvent> | undefined {
  const bytes = readBytes(fd, buffer);
  return bytes.length === 0 ? undefined : fanotifyEventsIn(bytes, matters);
}

function readBytes(fd: number, buffer: Buffer): Buffer {
  const length = readRaw(fd, buffer, buffer.length);
  if (length === -errno.EAGAIN || length === -errno.EINTR) return buffer.subarray(0, 0);
  if (length < 0) throw new ErrnoError(-length, "read", "fanotify");
  return buffer.subarray(0, length);
}
