import { ErrnoError } from "../errno/errno-error.ts";
import { errno } from "../errno/errno-table.ts";
import { check, lastErrno } from "../ffi/libc.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from "./open-flags.ts";
import { long, statxNative, struct, time, word } from "./statx-struct.ts";
import { STATX_CTIME, STATX_GID, STATX_INO, STATX_MODE, STATX_MTIME, STATX_TYPE, STATX_UID } from "./statx.ts";

/** What tells one state of an object from another. */
export interface Stamp {
  /** Type and permission bits. */
  readonly mode: number;
  readonly ino: bigint;
  /** Nanoseconds since 1970, as `ctime`. */
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly devMajor: number;
  readonly devMinor: number;
}

/**
 * Looks at a name in a directory without following a link: statx(2) for loops over whole trees, at half the price, as it takes the names as
 * directories are read fastest and tells little.
 *
 * @param name  the bytes of the name as Latin-1
 * @returns undefined when there is no such name
 * @throws ErrnoError EINVAL for what cannot be a name: with a NUL, or longer than 255 bytes
 */
export function stampAt(dirfd: number, name: string): Stamp | undefined {
  if (name.length > longest || name.includes("\0")) throw new ErrnoError(errno.EINVAL, "statx", name);
  path.write(name, "latin1");
  path[name.length] = 0;
  if (statxNative(dirfd, path, AT_SYMLINK_NOFOLLOW, wanted, struct) >= 0) return decode();
  const number = lastErrno();
  if (number === errno.ENOENT || number === errno.ENOTDIR) return undefined;
  throw new ErrnoError(number, "statx", name);
}

/** What an open file has of its own: what {@link ownStampOf} tells. */
export interface OwnStamp {
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly ctime: bigint;
}

/** statx(2) of an open file, for loops over many files. */
export function ownStampOf(fd: number): OwnStamp {
  path[0] = 0;
  check(statxNative(fd, path, AT_EMPTY_PATH, ownWanted, struct), "statx");
  return { mode: word(7) & 0xffff, uid: word(5), gid: word(6), ctime: time(12) };
}

const longest = 255;
const wanted = STATX_TYPE | STATX_MODE | STATX_INO | STATX_MTIME | STATX_CTIME;
const ownWanted = STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID | STATX_CTIME;

// One for all calls: it is used up before anything else runs.
const path = Buffer.alloc(longest + 1);

function decode(): Stamp {
  return {
    mode: word(7) & 0xffff,
    ino: BigInt.asUintN(64, long(4)),
    mtime: time(14),
    ctime: time(12),
    devMajor: word(34),
    devMinor: word(35),
  };
}
