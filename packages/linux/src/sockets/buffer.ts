import { ErrnoError } from "../errno/errno-error.ts";
import { errno } from "../errno/errno-table.ts";
import { check, lastErrno, libc } from "../ffi/libc.ts";

const setsockoptNative = libc("int setsockopt(int fd, int level, int option, void *value, uint32_t length)");
const getsockoptNative = libc("int getsockopt(int fd, int level, int option, void *value, void *length)");

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;

/**
 * Has a socket keep more of what its peer has not read yet (SO_SNDBUFFORCE); without CAP_NET_ADMIN no more than
 * `net.core.wmem_max`.
 *
 * @param bytes  the kernel doubles it, for what it needs besides the bytes themselves
 * @throws ErrnoError ENOTSOCK for what is no socket
 */
export function setSendBuffer(fd: number, bytes: number): void {
  const value = new Int32Array([bytes]);
  if (setsockoptNative(fd, SOL_SOCKET, SO_SNDBUFFORCE, value, value.byteLength) >= 0) return;
  const number = lastErrno();
  if (number !== errno.EPERM) throw new ErrnoError(number, "setsockopt");
  check(setsockoptNative(fd, SOL_SOCKET, SO_SNDBUF, value, value.byteLength), "setsockopt");
}

/** What a socket keeps, as the kernel counts it: twice what was asked for. @throws ErrnoError ENOTSOCK */
export function sendBuffer(fd: number): number {
  const [value, length] = [new Int32Array(1), new Int32Array([4])];
  check(getsockoptNative(fd, SOL_SOCKET, SO_SNDBUF, value, length), "getsockopt");
  return value[0] ?? 0;
}
