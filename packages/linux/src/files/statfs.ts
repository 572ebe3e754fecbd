import { check, libc } from "../ffi/libc.ts";

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
