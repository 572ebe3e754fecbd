import { cString, type Path } from "../ffi/c-string.ts";
import { check, checkRestarting, libc, orNegatedErrno, type Pointer } from "../ffi/libc.ts";
import { AT_FDCWD, O_CLOEXEC } from "./open-flags.ts";

let openatNative = libc(
  "int openat(int dirfd, void *path, int flags, uint32_t mode)",
  (found) => (openatNative = found),
);
let closeNative = libc("int close(int fd)", (found) => (closeNative = found));
const dup3Native = libc("int dup3(int oldfd, int newfd, int flags)");

/**
 * open(2). The descriptor is always close-on-exec, as Node's own are; hand it to a child through its `stdio`.
 *
 * Opening a FIFO, a lease-held file or a file of a FUSE mount can block the calling thread.
 *
 * @param mode  permission bits of a file made by O_CREAT or O_TMPFILE, less the umask
 */
export function open(path: Path, flags: number, mode = 0o666): number {
  return openat(AT_FDCWD, path, flags, mode);
}

/** openat(2): as {@link open}, a relative path starting at the directory `dirfd`. */
export function openat(dirfd: number, path: Path, flags: number, mode = 0o666): number {
  const name = cString(path);
  return checkRestarting(() => openatNative(dirfd, name, flags | O_CLOEXEC, mode), "open", path);
}

/** openat(2) for hot loops: descriptor or -errno. `name` ends in a NUL byte. */
export function openatRaw(dirfd: number, name: Pointer, flags: number, mode: number): number {
  return orNegatedErrno(openatNative(dirfd, name, flags | O_CLOEXEC, mode));
}

/**
 * close(2). The descriptor is gone afterwards whether or not this throws; errors of a delayed write (EIO, ENOSPC,
 * EDQUOT) may be told only here.
 */
export function close(fd: number): void {
  check(closeNative(fd), "close");
}

/** close(2): 0 or -errno. */
export function closeRaw(fd: number): number {
  return orNegatedErrno(closeNative(fd));
}

/** dup3(2): makes `newfd` a close-on-exec copy of `oldfd`, closing what it was before. EINVAL if both are equal. */
export function dup3(oldfd: number, newfd: number): number {
  return check(dup3Native(oldfd, newfd, O_CLOEXEC), "dup3");
}
