/** Highest and lowest minor versions of protocol 7 this library speaks. */
export const protocolMajor = 7;
export const newestMinor = 45;
export const oldestMinor = 31;

/** Node id of the root of a mount. */
export const FUSE_ROOT_ID = 1;

/** What OPEN and CREATE answer. DIRECT_IO: every read and write reaches the server. */
export const FOPEN_DIRECT_IO = 1 << 0;
/** Keep the pages cached from earlier opens. */
export const FOPEN_KEEP_CACHE = 1 << 1;
export const FOPEN_NONSEEKABLE = 1 << 2;
/** OPENDIR: keep the listing in the page cache. */
export const FOPEN_CACHE_DIR = 1 << 3;
/** No file position at all. */
export const FOPEN_STREAM = 1 << 4;
/** No FLUSH at close. */
export const FOPEN_NOFLUSH = 1 << 5;
export const FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;
export const FOPEN_PASSTHROUGH = 1 << 7;

/** Fields of SETATTR that are meant. */
export const FATTR_MODE = 1 << 0;
export const FATTR_UID = 1 << 1;
export const FATTR_GID = 1 << 2;
export const FATTR_SIZE = 1 << 3;
export const FATTR_ATIME = 1 << 4;
export const FATTR_MTIME = 1 << 5;
export const FATTR_FH = 1 << 6;
export const FATTR_ATIME_NOW = 1 << 7;
export const FATTR_MTIME_NOW = 1 << 8;
export const FATTR_LOCKOWNER = 1 << 9;
export const FATTR_CTIME = 1 << 10;
export const FATTR_KILL_SUIDGID = 1 << 11;

/** GETATTR: `fh` is meant. */
export const FUSE_GETATTR_FH = 1 << 0;
/** RELEASE: flush first; drop flock(2) locks. */
export const FUSE_RELEASE_FLUSH = 1 << 0;
export const FUSE_RELEASE_FLOCK_UNLOCK = 1 << 1;
/** GETLK, SETLK, SETLKW: flock(2) instead of a record lock. */
export const FUSE_LK_FLOCK = 1 << 0;
/** WRITE: from the page cache, so `fh` and the ids are guesses. */
export const FUSE_WRITE_CACHE = 1 << 0;
export const FUSE_WRITE_LOCKOWNER = 1 << 1;
export const FUSE_WRITE_KILL_SUIDGID = 1 << 2;
export const FUSE_READ_LOCKOWNER = 1 << 1;
/** FSYNC, FSYNCDIR: data only. */
export const FUSE_FSYNC_FDATASYNC = 1 << 0;
/** POLL: send a POLL notification when it becomes ready. */
export const FUSE_POLL_SCHEDULE_NOTIFY = 1 << 0;
/** Notification INVAL_ENTRY: let the name expire instead of dropping it. */
export const FUSE_EXPIRE_ONLY = 1 << 0;
export const FUSE_IOCTL_COMPAT = 1 << 0;
export const FUSE_IOCTL_UNRESTRICTED = 1 << 1;
export const FUSE_IOCTL_RETRY = 1 << 2;
export const FUSE_IOCTL_DIR = 1 << 4;
export const FUSE_ATTR_SUBMOUNT = 1 << 0;
export const FUSE_ATTR_DAX = 1 << 1;
