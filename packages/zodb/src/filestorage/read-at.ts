import { errno, ErrnoError, preadRaw } from "@belay/linux";

/**
 * Reads at an offset until `count` bytes are there or the file ends. `buffer` must hold them.
 *
 * @returns bytes read
 * @throws ErrnoError of pread(2)
 */
export function readAt(fd: number, buffer: Uint8Array, count: number, offset: number): number {
  let done = 0;
  while (done < count) {
    const got = preadRaw(fd, done === 0 ? buffer : buffer.subarray(done), count - done, offset + done);
    if (got === 0) break;
    if (got > 0) done += got;
    else if (got !== -errno.EINTR) throw new ErrnoError(-got, "pread");
  }
  return done;
}
