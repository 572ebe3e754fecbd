import type { BigFile } from "./big-file.ts";

/** Fills all of `target` with the file's bytes from `offset` on, which must lie inside the file. @throws when a block is damaged */
export function fillFromFile(file: BigFile, target: Uint8Array, offset: number): void {
  const { blksize } = file;
  let done = 0;
  while (done < target.length) {
    const blk = Math.floor((offset + done) / blksize);
    const from = offset + done - blk * blksize;
    const length = Math.min(blksize - from, target.length - done);
    file.space.source(file, blk).fill(length === target.length ? target : target.subarray(done, done + length), from);
    done += length;
  }
}

/** How many of `size` bytes from `offset` on lie inside the file. */
export function bytesInside(file: BigFile, offset: number, size: number): number {
  return Math.max(0, Math.min(size, file.dataSize - offset));
}
