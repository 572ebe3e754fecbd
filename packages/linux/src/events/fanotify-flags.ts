export const FAN_ACCESS = 0x0000_0001;
export const FAN_MODIFY = 0x0000_0002;
export const FAN_ATTRIB = 0x0000_0004;
export const FAN_CLOSE_WRITE = 0x0000_0008;
export const FAN_CLOSE_NOWRITE = 0x0000_0010;
export const FAN_OPEN = 0x0000_0020;
export const FAN_MOVED_FROM = 0x0000_0040;
export const FAN_MOVED_TO = 0x0000_0080;
export const FAN_CREATE = 0x0000_0100;
export const FAN_DELETE = 0x0000_0200;
export const FAN_DELETE_SELF = 0x0000_0400;
export const FAN_MOVE_SELF = 0x0000_0800;
/** Events were lost: look at everything again. */
export const FAN_Q_OVERFLOW = 0x0000_4000;
export const FAN_FS_ERROR = 0x0000_8000;
export const FAN_EVENT_ON_CHILD = 0x0800_0000;
/** Both names of a rename in one event (Linux 5.17). */
export const FAN_RENAME = 0x1000_0000;
/** The object is a directory. */
export const FAN_ONDIR = 0x4000_0000;

export const FAN_CLASS_NOTIF = 0;
export const FAN_UNLIMITED_QUEUE = 0x10;
export const FAN_UNLIMITED_MARKS = 0x20;
export const FAN_REPORT_PIDFD = 0x80;
export const FAN_REPORT_TID = 0x100;
/** Tell objects by file handle instead of by descriptor. */
export const FAN_REPORT_FID = 0x200;
export const FAN_REPORT_DIR_FID = 0x400;
export const FAN_REPORT_NAME = 0x800;
export const FAN_REPORT_TARGET_FID = 0x1000;
/** Directory handle and name of every event. */
export const FAN_REPORT_DFID_NAME = FAN_REPORT_DIR_FID | FAN_REPORT_NAME;

export const FAN_MARK_ADD = 0x01;
export const FAN_MARK_REMOVE = 0x02;
export const FAN_MARK_DONT_FOLLOW = 0x04;
export const FAN_MARK_ONLYDIR = 0x08;
export const FAN_MARK_MOUNT = 0x10;
export const FAN_MARK_IGNORED_MASK = 0x20;
export const FAN_MARK_IGNORED_SURV_MODIFY = 0x40;
export const FAN_MARK_FLUSH = 0x80;
/** Everything on the file system, through whatever mount. */
export const FAN_MARK_FILESYSTEM = 0x100;
/** Keeps no inode in memory (Linux 5.19). */
export const FAN_MARK_EVICTABLE = 0x200;
/** Takes events away, of directories only those that FAN_ONDIR and FAN_EVENT_ON_CHILD name (Linux 6.0). */
export const FAN_MARK_IGNORE = 0x400;
