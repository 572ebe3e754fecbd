import { cString, type Path } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";

const mountNative = libc("int mount(void *source, void *target, void *type, uint64_t flags, void *data)");
const umount2Native = libc("int umount2(void *target, int flags)");

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_SYNCHRONOUS = 16;
export const MS_REMOUNT = 32;
export const MS_DIRSYNC = 128;
export const MS_NOSYMFOLLOW = 256;
export const MS_NOATIME = 1024;
export const MS_NODIRATIME = 2048;
export const MS_BIND = 4096;
export const MS_MOVE = 8192;
export const MS_REC = 16384;
export const MS_UNBINDABLE = 1 << 17;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;
export const MS_SHARED = 1 << 20;
export const MS_RELATIME = 1 << 21;
export const MS_LAZYTIME = 1 << 25;

/** Abort outstanding requests first (NFS, FUSE). */
export const MNT_FORCE = 1;
/** Detach now, free when no longer busy. */
export const MNT_DETACH = 2;
/** Unmount if unused since the last call with this flag; EAGAIN the first time. */
export const MNT_EXPIRE = 4;
/** Do not follow a symbolic link at the end of the path. */
export const UMOUNT_NOFOLLOW = 8;

/**
 * mount(2).
 *
 * @param source  device, directory, or a mere name where the type has none
 * @param flags  MS_…
 * @param data  options of the file system type, comma-separated, at most 4095 bytes
 */
export function mount(source: Path, target: Path, type: string, flags = 0, data: Path = ""): void {
  check(mountNative(cString(source), cString(target), cString(type), flags, cString(data)), "mount", target);
}

/** umount2(2). EBUSY while in use, EINVAL when `target` is no mount point. */
export function umount2(target: Path, flags = 0): void {
  check(umount2Native(cString(target), flags), "umount2", target);
}
