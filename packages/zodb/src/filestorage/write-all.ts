import { writeSync } from "node:fs";

/** Writes all of the bytes at an offset. @throws errors of pwrite(2), with some of the bytes written */
export function writeAllAt(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}
