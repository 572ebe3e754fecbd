import { cString, type Path } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";
import { getUint64 } from "../ffi/struct.ts";

const statxNative = libc("int statx(int dirfd, void *path, int flags, uint32_t mask, void *result)");

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
export function statx(
  dirfd: number,
  path: Path,
  flags = 0,
  mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
): Statx {
  const struct = Buffer.alloc(256);
  check(statxNative(dirfd, cString(path), flags, mask, struct), "statx", path);
  return {
    mask: struct.readUInt32LE(0),
    blksize: struct.readUInt32LE(4),
    attributes: struct.readUInt32LE(8),
    nlink: struct.readUInt32LE(16),
    uid: struct.readUInt32LE(20),
    gid: struct.readUInt32LE(24),
    mode: struct.readUInt16LE(28),
    ino: struct.readBigUInt64LE(32),
    size: getUint64(struct, 40),
    blocks: getUint64(struct, 48),
    atime: time(struct, 64),
    btime: time(struct, 80),
    ctime: time(struct, 96),
    mtime: time(struct, 112),
    rdevMajor: struct.readUInt32LE(128),
    rdevMinor: struct.readUInt32LE(132),
    devMajor: struct.readUInt32LE(136),
    devMinor: struct.readUInt32LE(140),
    mountId: struct.readBigUInt64LE(144),
  };
}

function time(struct: Buffer, offset: number): bigint {
  return struct.readBigInt64LE(offset) * 1_000_000_000n + BigInt(struct.readUInt32LE(offset + 8));
}
