import { errno } from "../errno/errno-table.ts";
import { ErrnoError } from "../errno/errno-error.ts";

/** A path or name: text, or the exact bytes the file system has. */
export type Path = string | Uint8Array;

/**
 * The bytes of a path with a terminating NUL.
 *
 * @throws ErrnoError EINVAL when the path holds a NUL itself: the kernel would see another path than the one asked for
 */
export function cString(path: Path): Buffer {
  if (path.length === 0) return emptyCString;
  const bytes = typeof path === "string" ? Buffer.from(path) : path;
  if (bytes.includes(0)) throw new ErrnoError(errno.EINVAL, "path", path);
  const terminated = Buffer.allocUnsafe(bytes.length + 1);
  terminated.set(bytes);
  terminated[bytes.length] = 0;
  return terminated;
}

const emptyCString = Buffer.alloc(1);
