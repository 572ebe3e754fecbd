import { cString, type Path } from "../ffi/c-string.ts";
import { checkRestarting, libc } from "../ffi/libc.ts";
import { O_CLOEXEC, O_CREAT, O_TMPFILE } from "./open-flags.ts";

const syscallNative = libc("int64_t syscall(int64_t number, int dirfd, void *path, void *how, size_t size)");

// New system calls have the same number on every architecture.
const SYS_openat2 = 437;

/** Do not cross mount points. */
export const RESOLVE_NO_XDEV = 0x01;
/** Do not follow links such as those of /proc/PID/fd. */
export const RESOLVE_NO_MAGICLINKS = 0x02;
/** Follow no symbolic link anywhere in the path (ELOOP). */
export const RESOLVE_NO_SYMLINKS = 0x04;
/** Never leave the directory `dirfd`, by `..`, absolute paths or links (EXDEV). */
export const RESOLVE_BENEATH = 0x08;
/** Take `dirfd` for the root directory. */
export const RESOLVE_IN_ROOT = 0x10;
/** Fail with EAGAIN where the cache of names does not know the answer. */
export const RESOLVE_CACHED = 0x20;

/**
 * openat2(2): open with rules for how the path may be resolved.
 *
 * With RESOLVE_BENEATH or RESOLVE_IN_ROOT the kernel gives EAGAIN when something is renamed on the way; the call is
 * then repeated here. Descriptors are close-on-exec.
 *
 * @param resolve  RESOLVE_…
 * @param mode  only for O_CREAT and O_TMPFILE: the kernel refuses a mode without them, so it is left out
 * @throws ErrnoError ENOSYS before Linux 5.6
 */
export function openat2(dirfd: number, path: Path, flags: number, resolve: number, mode = 0o666): number {
  const creates = (flags & O_CREAT) !== 0 || (flags & O_TMPFILE) === O_TMPFILE;
  const name = cString(path);
  how[0] = flags | O_CLOEXEC;
  how[2] = creates ? mode : 0;
  how[4] = resolve;
  const call = () => syscallNative(SYS_openat2, dirfd, name, how, how.byteLength);
  for (let attempt = 1; ; attempt++) {
    try {
      return checkRestarting(call, "openat2", path);
    } catch (error) {
      if (attempt === mostAttempts || !raced(error, resolve)) throw error;
    }
  }
}

// `struct open_how`, one for all calls: three numbers of 64 bits, of which the upper halves are never used.
const how = new Uint32Array(6);

const mostAttempts = 128;

function raced(error: unknown, resolve: number): boolean {
  const beneath = (resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) !== 0 && (resolve & RESOLVE_CACHED) === 0;
  return beneath && error instanceof Error && "code" in error && error.code === "EAGAIN";
}
