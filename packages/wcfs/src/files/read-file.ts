import type { ReadReply } from "@belay/fuse";
import type { IoVector } from "@belay/linux";
import { errno, ErrnoError } from "@belay/linux";
import type { FileWindows } from "../blocks/file-windows.ts";
import { gatherFrom } from "../blocks/gather.ts";
import type { BigFile } from "./big-file.ts";

/** Bytes from which on an answer is not copied together: for less, naming the places costs more. */
const GATHERED = 32 << 10;

/**
 * Answers a READ with `length` bytes of the file from `offset` on, which must lie inside the file.
 *
 * @throws when a block is damaged, or the database's file cannot be read; the reply may have been answered with EIO then
 */
export function sendFromFile(
  file: BigFile,
  reply: ReadReply,
  windows: FileWindows,
  offset: number,
  length: number,
): void {
  if (length >= GATHERED && gatherFromFile(file, reply.vector(), windows, offset, length)) {
    const failed = -reply.sendVector();
    if (failed > 0) throw new ErrnoError(failed === errno.EFAULT ? errno.EIO : failed, "write");
  } else {
    fillFromFile(file, reply.buffer(length), offset);
    reply.send(length);
  }
}

function gatherFromFile(
  file: BigFile,
  vector: IoVector,
  windows: FileWindows,
  offset: number,
  length: number,
): boolean {
  const { blksize } = file;
  windows.begin();
  for (let done = 0; done < length;) {
    const blk = Math.floor((offset + done) / blksize);
    const from = offset + done - blk * blksize;
    const part = Math.min(blksize - from, length - done);
    const pieces = file.space.source(file, blk).piecesIn(from, from + part);
    if (!gatherFrom(pieces, windows, vector, from, part)) return false;
    done += part;
  }
  return true;
}

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
