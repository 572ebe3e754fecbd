import { check, libc, orNegatedErrno } from "../ffi/libc.ts";
import { addressOf } from "../memory/mapping.ts";
import { O_CLOEXEC } from "./open-flags.ts";

const pipe2Native = libc("int pipe2(void *fds, int flags)");
const spliceNative = libc(
  "int64_t splice(int in, uintptr_t offsetIn, int out, uintptr_t offsetOut, size_t length, uint32_t flags)",
);

/** Neither end of the pipe is waited for. A file is read all the same. */
export const SPLICE_F_NONBLOCK = 2;

/** The ends of a pipe. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** pipe2(2), close-on-exec. @param flags  O_NONBLOCK and the like */
export function pipe(flags = 0): Pipe {
  const fds = new Int32Array(2);
  check(pipe2Native(fds, flags | O_CLOEXEC), "pipe2");
  const [readEnd = -1, writeEnd = -1] = fds;
  return { readEnd, writeEnd };
}

const offsetIn = new Uint32Array(2);
let offsetInAddress = 0;

/**
 * splice(2) of a file's bytes from `offset` on into a pipe, for hot loops: the pipe then holds the very pages of the page cache, nothing
 * is copied.
 *
 * @returns bytes, fewer than asked for when the pipe is full or the file ends, 0 at its end; or -errno: EAGAIN for a full pipe with
 * SPLICE_F_NONBLOCK, EINVAL for a file whose file system cannot do this
 */
export function spliceFromFileRaw(fd: number, offset: number, pipeEnd: number, length: number, flags: number): number {
  // Typed arrays take numbers modulo 2^32.
  offsetIn[0] = offset;
  offsetIn[1] = Math.floor(offset / 0x1_0000_0000);
  offsetInAddress ||= addressOf(offsetIn);
  return orNegatedErrno(spliceNative(fd, offsetInAddress, pipeEnd, 0, length, flags));
}

/** splice(2) between a pipe and something that has no offsets, for hot loops. @returns bytes or -errno */
export function spliceRaw(fdIn: number, fdOut: number, length: number, flags: number): number {
  return orNegatedErrno(spliceNative(fdIn, 0, fdOut, 0, length, flags));
}
