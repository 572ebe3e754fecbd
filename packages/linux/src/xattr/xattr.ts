/**
 * Extended attributes, by path without following a last symbolic link (lgetxattr …) and by descriptor (fgetxattr …).
 * Names carry their namespace: `user.`, `trusted.` (CAP_SYS_ADMIN), `security.`, `system.`.
 */
import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { cString, type Path } from "../ffi/c-string.ts";
import { check, lastErrno, libc, orNegatedErrno, type NativeFunction } from "../ffi/libc.ts";

const lgetxattrNative = libc("int64_t lgetxattr(void *path, void *name, void *value, size_t size)");
const fgetxattrNative = libc("int64_t fgetxattr(int fd, void *name, void *value, size_t size)");
const llistxattrNative = libc("int64_t llistxattr(void *path, void *list, size_t size)");
const getxattrNative = libc("int64_t getxattr(void *path, void *name, void *value, size_t size)");
const listxattrNative = libc("int64_t listxattr(void *path, void *list, size_t size)");
let flistxattrNative = libc(
  "int64_t flistxattr(int fd, void *list, size_t size)",
  (found) => (flistxattrNative = found),
);
const lsetxattrNative = libc("int lsetxattr(void *path, void *name, void *value, size_t size, int flags)");
const fsetxattrNative = libc("int fsetxattr(int fd, void *name, void *value, size_t size, int flags)");
const lremovexattrNative = libc("int lremovexattr(void *path, void *name)");
const fremovexattrNative = libc("int fremovexattr(int fd, void *name)");

/** EEXIST if the attribute is there. */
export const XATTR_CREATE = 1;
/** ENODATA if the attribute is not there. */
export const XATTR_REPLACE = 2;

/** lgetxattr(2). @returns undefined when the file has no such attribute */
export function lgetxattr(path: Path, name: Path): Buffer | undefined {
  return getValue(lgetxattrNative, cString(path), name, "lgetxattr", path);
}

/** getxattr(2), following a last symbolic link, as those of /proc/self/fd. @returns undefined when the file has no such attribute */
export function getxattr(path: Path, name: Path): Buffer | undefined {
  return getValue(getxattrNative, cString(path), name, "getxattr", path);
}

/** fgetxattr(2). @returns undefined when the file has no such attribute */
export function fgetxattr(fd: number, name: Path): Buffer | undefined {
  return getValue(fgetxattrNative, fd, name, "fgetxattr");
}

/** llistxattr(2): the names this process may see. */
export function llistxattr(path: Path): Buffer[] {
  const file = cString(path);
  return splitNames(grow((value, size) => llistxattrNative(file, value, size), "llistxattr", path) ?? nothing);
}

/** listxattr(2), following a last symbolic link: the names this process may see. */
export function listxattr(path: Path): Buffer[] {
  const file = cString(path);
  return splitNames(grow((value, size) => listxattrNative(file, value, size), "listxattr", path) ?? nothing);
}

/** flistxattr(2): the names this process may see. */
export function flistxattr(fd: number): Buffer[] {
  return splitNames(grow((value, size) => flistxattrNative(fd, value, size), "flistxattr") ?? nothing);
}

/** Length of what flistxattr(2) would tell, or -errno: 0 for the many files that have no attributes. */
export function xattrListLength(fd: number): number {
  return orNegatedErrno(flistxattrNative(fd, null, 0));
}

/** lsetxattr(2). @param flags  0, XATTR_CREATE or XATTR_REPLACE */
export function lsetxattr(path: Path, name: Path, value: Uint8Array, flags = 0): void {
  check(lsetxattrNative(cString(path), cString(name), value, value.length, flags), "lsetxattr", path);
}

/** fsetxattr(2). @param flags  0, XATTR_CREATE or XATTR_REPLACE */
export function fsetxattr(fd: number, name: Path, value: Uint8Array, flags = 0): void {
  check(fsetxattrNative(fd, cString(name), value, value.length, flags), "fsetxattr");
}

/** lremovexattr(2). ENODATA if it was not there. */
export function lremovexattr(path: Path, name: Path): void {
  check(lremovexattrNative(cString(path), cString(name)), "lremovexattr", path);
}

/** fremovexattr(2). ENODATA if it was not there. */
export function fremovexattr(fd: number, name: Path): void {
  check(fremovexattrNative(fd, cString(name)), "fremovexattr");
}

function getValue(
  native: NativeFunction,
  file: Buffer | number,
  name: Path,
  syscall: string,
  path?: Path,
): Buffer | undefined {
  const attribute = cString(name);
  return grow((value, size) => native(file, attribute, value, size), syscall, path);
}

// A value that grew between the two calls gives ERANGE again, so ask until it fits.
function grow(call: (value: Buffer | null, size: number) => number, syscall: string, path?: Path): Buffer | undefined {
  for (let value = scratch; ; value = Buffer.allocUnsafe(Math.max(check(call(null, 0), syscall, path), 1))) {
    const length = call(value, value.length);
    if (length === 0) return nothing;
    if (length > 0) return value === scratch ? Buffer.from(value.subarray(0, length)) : value.subarray(0, length);
    const number = lastErrno();
    if (number === errno.ENODATA) return undefined;
    if (number !== errno.ERANGE) throw new ErrnoError(number, syscall, path);
  }
}

// One for all calls: what is in it is copied before anything else runs. Most files have no attributes, and most values are small.
const scratch = Buffer.alloc(256);
const nothing = Buffer.alloc(0);

function splitNames(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  for (let start = 0; start < list.length;) {
    const end = list.indexOf(0, start);
    names.push(list.subarray(start, end));
    start = end + 1;
  }
  return names;
}
