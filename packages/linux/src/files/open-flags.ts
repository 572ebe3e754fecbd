import { constants } from "node:fs";

// The numbers of O_DIRECT, O_DIRECTORY and O_NOFOLLOW differ between architectures: Node knows those of this machine.
export const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND } = constants;
export const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_DIRECT, O_SYNC, O_DSYNC, O_NOATIME } = constants;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/** The current directory, as `dirfd` of the calls named `…at`. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;
