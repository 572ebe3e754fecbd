import { errno } from "../errno/errno-table.ts";
import { cString, type Path } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { readRaw } from "../files/io.ts";

const inotifyInit1Native = libc("int inotify_init1(int flags)");
const inotifyAddWatchNative = libc("int inotify_add_watch(int fd, void *path, uint32_t mask)");
const inotifyRmWatchNative = libc("int inotify_rm_watch(int fd, int wd)");

export const IN_ACCESS = 0x001;
export const IN_MODIFY = 0x002;
export const IN_ATTRIB = 0x004;
export const IN_CLOSE_WRITE = 0x008;
export const IN_CLOSE_NOWRITE = 0x010;
export const IN_OPEN = 0x020;
export const IN_MOVED_FROM = 0x040;
export const IN_MOVED_TO = 0x080;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
/** The file system was unmounted. */
export const IN_UNMOUNT = 0x2000;
/** Events were lost: look at everything again. Its wd is -1. */
export const IN_Q_OVERFLOW = 0x4000;
/** The watch is gone. */
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x0100_0000;
export const IN_DONT_FOLLOW = 0x0200_0000;
export const IN_EXCL_UNLINK = 0x0400_0000;
export const IN_MASK_CREATE = 0x1000_0000;
export const IN_MASK_ADD = 0x2000_0000;
export const IN_ISDIR = 0x4000_0000;
export const IN_ONESHOT = 0x8000_0000;

const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

/** One event of inotify(7). */
export interface InotifyEvent {
  /** The watch it belongs to; -1 for IN_Q_OVERFLOW. */
  readonly wd: number;
  readonly mask: number;
  /** Equal for the two halves of a rename. */
  readonly cookie: number;
  /** Name inside a watched directory; empty for events of the watched file itself. */
  readonly name: Buffer;
}

/** inotify_init1(2): non-blocking and close-on-exec. EMFILE above `fs.inotify.max_user_instances`. */
export function inotifyInit1(): number {
  return check(inotifyInit1Native(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1");
}

/**
 * inotify_add_watch(2).
 *
 * @returns the watch; the same number for a file that is watched already. ENOSPC above `max_user_watches`
 */
export function inotifyAddWatch(fd: number, path: Path, mask: number): number {
  return check(inotifyAddWatchNative(fd, cString(path), mask), "inotify_add_watch", path);
}

/** inotify_rm_watch(2). EINVAL if the watch is gone already. */
export function inotifyRmWatch(fd: number, wd: number): void {
  check(inotifyRmWatchNative(fd, wd), "inotify_rm_watch");
}

// Each thread has its own. A buffer a call would be large garbage, which keeps the collector busy with all of the heap.
let scratch: Buffer | undefined;

/** Takes the events that are waiting, at most what fits 64 KiB; none: an empty list. */
export function inotifyRead(fd: number): InotifyEvent[] {
  const buffer = (scratch ??= Buffer.allocUnsafeSlow(65536));
  const length = readRaw(fd, buffer, buffer.length);
  if (length === -errno.EAGAIN || length === -errno.EINTR) return [];
  if (length < 0) throw new ErrnoError(-length, "read", "inotify");
  return parseInotifyEvents(Buffer.from(buffer.subarray(0, length)));
}

/** Takes apart what read(2) of an inotify descriptor gave. A truncated last event is left out. */
export function parseInotifyEvents(bytes: Buffer): InotifyEvent[] {
  const events: InotifyEvent[] = [];
  for (let at = 0; at + 16 <= bytes.length;) {
    const next = at + 16 + bytes.readUInt32LE(at + 12);
    if (next > bytes.length) break;
    const field = bytes.subarray(at + 16, next);
    const end = field.indexOf(0);
    events.push({
      wd: bytes.readInt32LE(at),
      mask: bytes.readUInt32LE(at + 4),
      cookie: bytes.readUInt32LE(at + 8),
      name: end < 0 ? field : field.subarray(0, end),
    });
    at = next;
  }
  return events;
}
