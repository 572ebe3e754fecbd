import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";
import { cString, type Path } from "../ffi/c-string.ts";
import { check, lastErrno, libc } from "../ffi/libc.ts";
import { FixedMemory } from "../memory/fixed-memory.ts";
import { AT_EMPTY_PATH, O_CLOEXEC } from "./open-flags.ts";
import { itself } from "./statx-struct.ts";

let nameToHandleAtNative = libc(
  "int name_to_handle_at(int dirfd, void *path, void *handle, void *mountId, int flags)",
  (found) => (nameToHandleAtNative = found),
);
const openByHandleAtNative = libc("int open_by_handle_at(int mountFd, void *handle, int flags)");

const headerSize = 8;
const MAX_HANDLE_SZ = 128;

/** Bytes of the longest `struct file_handle`. */
export const longestHandle = headerSize + MAX_HANDLE_SZ;

/** A file's identity that outlives renames, and the mount it was seen on. */
export interface FileHandle {
  /**
   * `struct file_handle` as a whole: length, type and the file system's own bytes. Equal bytes on one file system: the
   * same file.
   */
  readonly handle: Buffer;
  /** First column of /proc/self/mountinfo. */
  readonly mountId: number;
}

/**
 * name_to_handle_at(2).
 *
 * @param flags  AT_EMPTY_PATH, AT_SYMLINK_FOLLOW
 * @throws ErrnoError EOPNOTSUPP when the file system has no handles
 */
export function nameToHandleAt(dirfd: number, path: Path, flags = 0): FileHandle {
  scratch.writeUInt32LE(MAX_HANDLE_SZ, 0);
  check(nameToHandleAtNative(dirfd, cString(path), scratch, mountIdMemory.bytes, flags), "name_to_handle_at", path);
  const size = headerSize + scratch.readUInt32LE(0);
  const handle = Buffer.allocUnsafe(size);
  scratch.copy(handle, 0, 0, size);
  return { handle, mountId: mountIdMemory.bytes.readInt32LE() };
}

/**
 * name_to_handle_at(2) of an open file, for hot loops: has its `struct file_handle` written.
 *
 * @param to  has room for {@link longestHandle} bytes at the offset
 * @returns its length, or -errno
 */
export function putHandle(fd: number, to: FixedMemory, at: number): number {
  const { bytes } = to;
  const handle = to.room(at, longestHandle);
  bytes[at] = MAX_HANDLE_SZ;
  bytes[at + 1] = bytes[at + 2] = bytes[at + 3] = 0;
  const result = nameToHandleAtNative(fd, itself.address, handle, mountIdMemory.address, AT_EMPTY_PATH);
  return result < 0 ? -lastErrno() : headerSize + (bytes[at] ?? 0);
}

// One for all calls: the result is copied before anything else runs, and most handles are far shorter than the longest.
const scratch = Buffer.alloc(longestHandle);
const mountIdMemory = new FixedMemory(4);

/**
 * open_by_handle_at(2); needs CAP_DAC_READ_SEARCH. The descriptor is close-on-exec.
 *
 * @param mountFd  any file of the file system
 * @param handle  `struct file_handle`, as {@link nameToHandleAt} and fanotify events give it
 * @returns undefined when the file is gone (ESTALE)
 */
export function openByHandleAt(mountFd: number, handle: Uint8Array, flags: number): number | undefined {
  if (!isWhole(handle)) throw new ErrnoError(errno.EINVAL, "open_by_handle_at");
  const fd = openByHandleAtNative(mountFd, handle, flags | O_CLOEXEC);
  if (fd >= 0) return fd;
  const number = lastErrno();
  if (number === errno.ESTALE) return undefined;
  throw new ErrnoError(number, "open_by_handle_at");
}

// The kernel believes the length field: it must not reach past the bytes we have.
function isWhole(handle: Uint8Array): boolean {
  if (handle.length < headerSize) return false;
  return new DataView(handle.buffer, handle.byteOffset).getUint32(0, true) <= handle.length - headerSize;
}
