import { pwrite } from "@belay/linux";

/** pwrite(2) until everything is written. */
export function writeAll(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length;) done += pwrite(fd, done === 0 ? bytes : bytes.subarray(done), offset + done);
}
