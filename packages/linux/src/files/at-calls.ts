/**
 * The calls that work relative to a directory descriptor. A descriptor got from openat2 with RESOLVE_BENEATH, and a
 * last name without a slash, keep a peer's path inside its tree however links change meanwhile.
 */
import { cString, type Path } from "../ffi/c-string.ts";
import { check, libc, orNegatedErrno } from "../ffi/libc.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";
import { AT_FDCWD, AT_REMOVEDIR } from "./open-flags.ts";

const mkdiratNative = libc("int mkdirat(int dirfd, void *path, uint32_t mode)");
const mknodatNative = libc("int mknodat(int dirfd, void *path, uint32_t mode, uint64_t device)");
const symlinkatNative = libc("int symlinkat(void *target, int dirfd, void *path)");
const linkatNative = libc("int linkat(int oldDirfd, void *oldPath, int newDirfd, void *newPath, int flags)");
const unlinkatNative = libc("int unlinkat(int dirfd, void *path, int flags)");
let renameat2Native = libc(
  "int renameat2(int oldDirfd, void *oldPath, int newDirfd, void *newPath, uint32_t flags)",
  (found) => (renameat2Native = found),
);
const readlinkatNative = libc("int64_t readlinkat(int dirfd, void *path, void *buffer, size_t size)");
const fchownatNative = libc("int fchownat(int dirfd, void *path, uint32_t uid, uint32_t gid, int flags)");
const fchmodatNative = libc("int fchmodat(int dirfd, void *path, uint32_t mode, int flags)");
const utimensatNative = libc("int utimensat(int dirfd, void *path, void *times, int flags)");
const futimensNative = libc("int futimens(int fd, void *times)");
const fchownNative = libc("int fchown(int fd, uint32_t uid, uint32_t gid)");
const fchmodNative = libc("int fchmod(int fd, uint32_t mode)");

/** Fail with EEXIST instead of replacing the target. */
export const RENAME_NOREPLACE = 1;
/** Exchange both names. */
export const RENAME_EXCHANGE = 2;
/** Leave a whiteout where the source was. */
export const RENAME_WHITEOUT = 4;

/** A time for {@link utimensat}: the kernel's present time. */
export const UTIME_NOW = "now";
/** A time for {@link utimensat}: leave it as it is. */
export const UTIME_OMIT = "omit";

/** Nanoseconds since 1970, or one of {@link UTIME_NOW} and {@link UTIME_OMIT}. */
export type FileTime = bigint | typeof UTIME_NOW | typeof UTIME_OMIT;

/** mkdirat(2). */
export function mkdirat(dirfd: number, path: Path, mode = 0o777): void {
  check(mkdiratNative(dirfd, cString(path), mode), "mkdirat", path);
}

/**
 * mknodat(2).
 *
 * @param mode  type (S_IFREG, S_IFIFO, S_IFCHR …) and permission bits
 * @param device  see {@link makedev}
 */
export function mknodat(dirfd: number, path: Path, mode: number, device: number | bigint = 0): void {
  check(mknodatNative(dirfd, cString(path), mode, device), "mknodat", path);
}

/** symlinkat(2): a link at `path` that says `target`. */
export function symlinkat(target: Path, dirfd: number, path: Path): void {
  check(symlinkatNative(cString(target), dirfd, cString(path)), "symlinkat", path);
}

/** linkat(2). @param flags  AT_SYMLINK_FOLLOW; AT_EMPTY_PATH (with CAP_DAC_READ_SEARCH) links the descriptor itself */
export function linkat(oldDirfd: number, oldPath: Path, newDirfd: number, newPath: Path, flags = 0): void {
  check(linkatNative(oldDirfd, cString(oldPath), newDirfd, cString(newPath), flags), "linkat", newPath);
}

/** unlinkat(2) of anything but a directory. */
export function unlinkat(dirfd: number, path: Path): void {
  check(unlinkatNative(dirfd, cString(path), 0), "unlinkat", path);
}

/** unlinkat(2) with AT_REMOVEDIR: an empty directory. */
export function rmdirat(dirfd: number, path: Path): void {
  check(unlinkatNative(dirfd, cString(path), AT_REMOVEDIR), "unlinkat", path);
}

/** renameat2(2). @param flags  RENAME_… */
export function renameat2(oldDirfd: number, oldPath: Path, newDirfd: number, newPath: Path, flags = 0): void {
  check(renameat2Native(oldDirfd, cString(oldPath), newDirfd, cString(newPath), flags), "renameat2", newPath);
}

/** renameat2(2) for hot loops: 0 or -errno. Both names end in a NUL byte. */
export function renameat2Raw(
  oldDirfd: number,
  oldName: Uint8Array,
  newDirfd: number,
  newName: Uint8Array,
  flags: number,
): number {
  return orNegatedErrno(renameat2Native(oldDirfd, oldName, newDirfd, newName, flags));
}

/**
 * readlinkat(2): the exact bytes of a symbolic link; an empty path means `dirfd` itself, opened with O_PATH and
 * O_NOFOLLOW.
 */
export function readlinkat(dirfd: number, path: Path): Buffer {
  const target = Buffer.alloc(4096);
  return target.subarray(0, check(readlinkatNative(dirfd, cString(path), target, target.length), "readlinkat", path));
}

/**
 * Path of an open file as /proc tells it now, for hot loops: absolute, unless it is not to be reached from here.
 *
 * @throws ErrnoError ENAMETOOLONG when it is longer than a page
 */
export function toldPath(fd: number): Buffer {
  linkName.bytes.write(`/proc/self/fd/${fd}\0`, "latin1");
  const length = readlinkatNative(AT_FDCWD, linkName.address, linkTarget.address, linkTarget.bytes.length);
  return Buffer.from(linkTarget.bytes.subarray(0, check(length, "readlink")));
}

// One for all calls: what is in them is used up before anything else runs.
const [linkName, linkTarget] = [new FixedMemory(32), new FixedMemory(4096)];

/** fchownat(2); -1 leaves an id as it is. @param flags  AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH */
export function fchownat(dirfd: number, path: Path, uid: number, gid: number, flags = 0): void {
  check(fchownatNative(dirfd, cString(path), uid >>> 0, gid >>> 0, flags), "fchownat", path);
}

/** fchmodat(2). Follows a symbolic link, as the mode of a link cannot be set. */
export function fchmodat(dirfd: number, path: Path, mode: number): void {
  check(fchmodatNative(dirfd, cString(path), mode, 0), "fchmodat", path);
}

/** utimensat(2), exact to the nanosecond. @param flags  AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH */
export function utimensat(dirfd: number, path: Path, atime: FileTime, mtime: FileTime, flags = 0): void {
  check(utimensatNative(dirfd, cString(path), timesOf(atime, mtime), flags), "utimensat", path);
}

/** futimens(3): as {@link utimensat}, of an open file. */
export function futimens(fd: number, atime: FileTime, mtime: FileTime): void {
  check(futimensNative(fd, timesOf(atime, mtime)), "futimens");
}

/** fchown(2); -1 leaves an id as it is. */
export function fchown(fd: number, uid: number, gid: number): void {
  check(fchownNative(fd, uid >>> 0, gid >>> 0), "fchown");
}

/** fchmod(2). */
export function fchmod(fd: number, mode: number): void {
  check(fchmodNative(fd, mode), "fchmod");
}

/** The number of a device, as glibc's makedev(3) puts it together. */
export function makedev(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & ~0xfffn) << 32n) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | (low & 0xffn);
}

// One for all calls: the kernel has read it before anything else runs.
const times = new BigInt64Array(4);

function timesOf(atime: FileTime, mtime: FileTime): BigInt64Array {
  putTime(0, atime);
  putTime(2, mtime);
  return times;
}

function putTime(at: number, time: FileTime): void {
  if (time === UTIME_NOW || time === UTIME_OMIT) {
    times[at] = 0n;
    times[at + 1] = time === UTIME_NOW ? 0x3fffffffn : 0x3ffffffen;
    return;
  }
  const nanoseconds = ((time % billion) + billion) % billion;
  times[at] = (time - nanoseconds) / billion;
  times[at + 1] = nanoseconds;
}

const billion = 1_000_000_000n;
