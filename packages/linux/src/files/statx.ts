import { ErrnoError } from "../errno/errno-error.ts";
import { errno } from "../errno/errno-table.ts";
import { cString, type Path } from "../ffi/c-string.ts";
import { check, lastErrno } from "../ffi/libc.ts";
import { getUint64 } from "../ffi/struct.ts";
import { long, statxNative, struct, time, word } from "./statx-struct.ts";

export const STATX_TYPE = 0x001;
export const STATX_MODE = 0x002;
export const STATX_NLINK = 0x004;
export const STATX_UID = 0x008;
export const STATX_GID = 0x010;
export const STATX_ATIME = 0x020;
export const STATX_MTIME = 0x040;
export const STATX_CTIME = 0x080;
export const STATX_INO = 0x100;
export const STATX_SIZE = 0x200;
export const STATX_BLOCKS = 0x400;
export const STATX_BASIC_STATS = 0x7ff;
export const STATX_BTIME = 0x800;
export const STATX_MNT_ID = 0x1000;

/** Attribute: the root of a mount. */
export const STATX_ATTR_MOUNT_ROOT = 0x2000;

/** What statx(2) tells. Fields whose bit is missing in `mask` are not meaningful. */
export interface Statx {
  readonly mask: number;
  readonly blksize: number;
  /** STATX_ATTR_… (the low 32 bits). */
  readonly attributes: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly ino: bigint;
  /** Bytes; exact up to 2^53. */
  readonly size: number;
  /** Units of 512 bytes. */
  readonly blocks: number;
  /** Times are nanoseconds since 1970. */
  readonly atime: bigint;
  readonly btime: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Number of the mount, as in the first column of /proc/self/mountinfo. */
  readonly mountId: bigint;
}

/**
 * statx(2).
 *
 * @param flags  AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT
 * @param mask  what is asked for
 */
export function statx(dirfd: number, path: Path, flags = 0, mask = everything): Statx {
  check(statxNative(dirfd, cString(path), flags, mask, struct), "statx", path);
  return decode();
}

/**
 * As {@link statx}, for names that may well not be there: an exception costs far more than the call.
 *
 * @returns undefined for ENOENT
 */
export function statxIfThere(dirfd: number, path: Path, flags = 0, mask = everything): Statx | undefined {
  const result = statxNative(dirfd, cString(path), flags, mask, struct);
  if (result >= 0) return decode();
  const number = lastErrno();
  if (number === errno.ENOENT) return undefined;
  throw new ErrnoError(number, "statx", path);
}

const everything = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;

function decode(): Statx {
  return {
    mask: word(0),
    blksize: word(1),
    attributes: word(2),
    nlink: word(4),
    uid: word(5),
    gid: word(6),
    mode: word(7) & 0xffff,
    ino: BigInt.asUintN(64, long(4)),
    size: getUint64(struct, 40),
    blocks: getUint64(struct, 48),
    atime: time(8),
    btime: time(10),
    ctime: time(12),
    mtime: time(14),
    rdevMajor: word(32),
    rdevMinor: word(33),
    devMajor: word(34),
    devMinor: word(35),
    mountId: long(18),
  };
}
