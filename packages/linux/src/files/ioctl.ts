import { check, libc, orNegatedErrno, type Pointer } from "../ffi/libc.ts";

const ioctlNative = libc("int ioctl(int fd, uint64_t request, void *argument)");

/**
 * ioctl(2).
 *
 * @param argument  memory the request reads or fills in, or a plain number for requests that take one
 * @returns what the driver returned, 0 for most requests
 */
export function ioctl(fd: number, request: number, argument: Pointer = null): number {
  return check(ioctlNative(fd, request, argument), "ioctl");
}

/** ioctl(2): the driver's result or -errno. */
export function ioctlRaw(fd: number, request: number, argument: Pointer = null): number {
  return orNegatedErrno(ioctlNative(fd, request, argument));
}

/** Number of a request that reads from the driver: `_IOR(type, number, size)` of the kernel's headers. */
export function ioctlRead(type: number, number: number, size: number): number {
  return ((2 << 30) | (size << 16) | (type << 8) | number) >>> 0;
}

/** Number of a request that writes to the driver: `_IOW(type, number, size)` of the kernel's headers. */
export function ioctlWrite(type: number, number: number, size: number): number {
  return ((1 << 30) | (size << 16) | (type << 8) | number) >>> 0;
}
