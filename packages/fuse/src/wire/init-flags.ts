/**
 * Flags of the INIT exchange, of which the kernel offers some and the server takes some. Bits from 32 on travel in a
 * second word.
 */

/** Several READs of one file at a time. Without it reading ahead halves in speed. */
export const FUSE_ASYNC_READ = 1n << 0n;
/** Record locks come as GETLK, SETLK, SETLKW. */
export const FUSE_POSIX_LOCKS = 1n << 1n;
export const FUSE_FILE_OPS = 1n << 2n;
/** OPEN gets O_TRUNC instead of a SETATTR before it. */
export const FUSE_ATOMIC_O_TRUNC = 1n << 3n;
/** LOOKUP of `.` and `..` works, for NFS. */
export const FUSE_EXPORT_SUPPORT = 1n << 4n;
/** WRITEs larger than a page. */
export const FUSE_BIG_WRITES = 1n << 5n;
/** The server applies the umask. */
export const FUSE_DONT_MASK = 1n << 6n;
export const FUSE_SPLICE_WRITE = 1n << 7n;
export const FUSE_SPLICE_MOVE = 1n << 8n;
export const FUSE_SPLICE_READ = 1n << 9n;
/** flock(2) comes as SETLK with {@link FUSE_LK_FLOCK}. */
export const FUSE_FLOCK_LOCKS = 1n << 10n;
export const FUSE_HAS_IOCTL_DIR = 1n << 11n;
/** The kernel drops a file's cached pages when it sees another mtime. */
export const FUSE_AUTO_INVAL_DATA = 1n << 12n;
/** READDIRPLUS instead of READDIR. */
export const FUSE_DO_READDIRPLUS = 1n << 13n;
/** READDIRPLUS where the entries are likely to be looked up. */
export const FUSE_READDIRPLUS_AUTO = 1n << 14n;
export const FUSE_ASYNC_DIO = 1n << 15n;
/** Writes are cached; the kernel then owns sizes and mtimes. */
export const FUSE_WRITEBACK_CACHE = 1n << 16n;
/** Offered: ENOSYS to OPEN means opens need no request, for the whole mount. */
export const FUSE_NO_OPEN_SUPPORT = 1n << 17n;
/** LOOKUPs and READDIRs of one directory at a time. */
export const FUSE_PARALLEL_DIROPS = 1n << 18n;
export const FUSE_HANDLE_KILLPRIV = 1n << 19n;
export const FUSE_POSIX_ACL = 1n << 20n;
/** Reading the device after an abort gives ECONNABORTED, so an abort can be told from an unmount. */
export const FUSE_ABORT_ERROR = 1n << 21n;
/** `max_pages` of the reply counts: requests of more than 32 pages. */
export const FUSE_MAX_PAGES = 1n << 22n;
export const FUSE_CACHE_SYMLINKS = 1n << 23n;
/** Offered: as NO_OPEN_SUPPORT, for OPENDIR. */
export const FUSE_NO_OPENDIR_SUPPORT = 1n << 24n;
/** Cached pages go only when a notification says so, not when the size changes. */
export const FUSE_EXPLICIT_INVAL_DATA = 1n << 25n;
export const FUSE_MAP_ALIGNMENT = 1n << 26n;
export const FUSE_SUBMOUNTS = 1n << 27n;
export const FUSE_HANDLE_KILLPRIV_V2 = 1n << 28n;
/** SETXATTR carries flags of its own. */
export const FUSE_SETXATTR_EXT = 1n << 29n;
/** Flags from bit 32 on are exchanged. */
export const FUSE_INIT_EXT = 1n << 30n;
/** Creating requests carry security contexts. */
export const FUSE_SECURITY_CTX = 1n << 32n;
export const FUSE_HAS_INODE_DAX = 1n << 33n;
/** Creating requests carry the matching supplementary group. */
export const FUSE_CREATE_SUPP_GROUP = 1n << 34n;
/** Offered: INVAL_ENTRY takes {@link FUSE_EXPIRE_ONLY}. */
export const FUSE_HAS_EXPIRE_ONLY = 1n << 35n;
/** Shared mappings of files opened with DIRECT_IO. */
export const FUSE_DIRECT_IO_ALLOW_MMAP = 1n << 36n;
export const FUSE_PASSTHROUGH = 1n << 37n;
export const FUSE_NO_EXPORT_SUPPORT = 1n << 38n;
/** Offered: NOTIFY_RESEND. */
export const FUSE_HAS_RESEND = 1n << 39n;
export const FUSE_ALLOW_IDMAP = 1n << 40n;
export const FUSE_OVER_IO_URING = 1n << 41n;
/** `requestTimeout` of the reply counts. */
export const FUSE_REQUEST_TIMEOUT = 1n << 42n;

/** The names of the flags in a set, for messages. */
export function initFlagNames(flags: bigint): string[] {
  return Object.entries(byName)
    .filter(([, flag]) => (flags & flag) !== 0n)
    .map(([name]) => name);
}

const byName = {
  ASYNC_READ: FUSE_ASYNC_READ,
  POSIX_LOCKS: FUSE_POSIX_LOCKS,
  FILE_OPS: FUSE_FILE_OPS,
  ATOMIC_O_TRUNC: FUSE_ATOMIC_O_TRUNC,
  EXPORT_SUPPORT: FUSE_EXPORT_SUPPORT,
  BIG_WRITES: FUSE_BIG_WRITES,
  DONT_MASK: FUSE_DONT_MASK,
  SPLICE_WRITE: FUSE_SPLICE_WRITE,
  SPLICE_MOVE: FUSE_SPLICE_MOVE,
  SPLICE_READ: FUSE_SPLICE_READ,
  FLOCK_LOCKS: FUSE_FLOCK_LOCKS,
  HAS_IOCTL_DIR: FUSE_HAS_IOCTL_DIR,
  AUTO_INVAL_DATA: FUSE_AUTO_INVAL_DATA,
  DO_READDIRPLUS: FUSE_DO_READDIRPLUS,
  READDIRPLUS_AUTO: FUSE_READDIRPLUS_AUTO,
  ASYNC_DIO: FUSE_ASYNC_DIO,
  WRITEBACK_CACHE: FUSE_WRITEBACK_CACHE,
  NO_OPEN_SUPPORT: FUSE_NO_OPEN_SUPPORT,
  PARALLEL_DIROPS: FUSE_PARALLEL_DIROPS,
  HANDLE_KILLPRIV: FUSE_HANDLE_KILLPRIV,
  POSIX_ACL: FUSE_POSIX_ACL,
  ABORT_ERROR: FUSE_ABORT_ERROR,
  MAX_PAGES: FUSE_MAX_PAGES,
  CACHE_SYMLINKS: FUSE_CACHE_SYMLINKS,
  NO_OPENDIR_SUPPORT: FUSE_NO_OPENDIR_SUPPORT,
  EXPLICIT_INVAL_DATA: FUSE_EXPLICIT_INVAL_DATA,
  MAP_ALIGNMENT: FUSE_MAP_ALIGNMENT,
  SUBMOUNTS: FUSE_SUBMOUNTS,
  HANDLE_KILLPRIV_V2: FUSE_HANDLE_KILLPRIV_V2,
  SETXATTR_EXT: FUSE_SETXATTR_EXT,
  INIT_EXT: FUSE_INIT_EXT,
  SECURITY_CTX: FUSE_SECURITY_CTX,
  HAS_INODE_DAX: FUSE_HAS_INODE_DAX,
  CREATE_SUPP_GROUP: FUSE_CREATE_SUPP_GROUP,
  HAS_EXPIRE_ONLY: FUSE_HAS_EXPIRE_ONLY,
  DIRECT_IO_ALLOW_MMAP: FUSE_DIRECT_IO_ALLOW_MMAP,
  PASSTHROUGH: FUSE_PASSTHROUGH,
  NO_EXPORT_SUPPORT: FUSE_NO_EXPORT_SUPPORT,
  HAS_RESEND: FUSE_HAS_RESEND,
  ALLOW_IDMAP: FUSE_ALLOW_IDMAP,
  OVER_IO_URING: FUSE_OVER_IO_URING,
  REQUEST_TIMEOUT: FUSE_REQUEST_TIMEOUT,
} as const;
