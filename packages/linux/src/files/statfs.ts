import { check, libc } from "../ffi/libc.ts";
import { ioctlRaw, ioctlRead } from "./ioctl.ts";

const fstatfsNative = libc("int fstatfs(int fd, void *struct)");

/** Size of `struct statfs` of 64-bit machines, and where `f_fsid` is in it. */
const structSize = 120;
const fsidAt = 56;
const fsidSize = 8;

/**
 * `f_fsid` of fstatfs(2): names a file system. ext4, btrfs and others make it from what is on the disk; XFS from the device's number; tmpfs at
 * random; NFS and FUSE leave it 0.
 *
 * @param fd  may be one of O_PATH
 */
export function fileSystemId(fd: number): Buffer {
  const struct = Buffer.alloc(structSize);
  check(fstatfsNative(fd, struct), "fstatfs");
  return Buffer.from(struct.subarray(fsidAt, fsidAt + fsidSize));
}

/** `struct fsuuid2`: a byte that tells how long it is, and room for 16. */
const uuidSize = 17;
const FS_IOC_GETFSUUID = ioctlRead(0x15, 0, uuidSize);

/**
 * UUID of a file system, as it is on its disk: `FS_IOC_GETFSUUID` of ioctl(2), since Linux 6.9.
 *
 * @param fd  not one of O_PATH
 * @returns undefined where kernel or file system tell none
 */
export function fileSystemUuid(fd: number): Buffer | undefined {
  const struct = Buffer.alloc(uuidSize);
  if (ioctlRaw(fd, FS_IOC_GETFSUUID, struct) < 0) return undefined;
  const length = Math.min(struct[0] ?? 0, uuidSize - 1);
  return length === 0 ? undefined : Buffer.from(struct.subarray(1, 1 + length));
}
