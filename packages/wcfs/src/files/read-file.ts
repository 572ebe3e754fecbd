import type { FileBytes, ReadReply } from "@belay/fuse";
import { ErrnoError } from "@belay/linux";
import { isInFile } from "../blocks/piece.ts";
import type { BigFile } from "./big-file.ts";

/** Bytes from which on an answer is put together by the kernel: for less, copying costs less. */
const SPLICED = 32 << 10;

/**
 * Answers a READ with `length` bytes of the file from `offset` on, which must lie inside the file.
 *
 * @throws when a block is damaged, or the database's file cannot be read; the reply may have been answered with EIO then
 */
export function sendFromFile(file: BigFile, reply: ReadReply, offset: number, length: number): void {
  if (length >= SPLICED && spliceFromFile(file, reply, offset, length)) {
    const failed = -reply.sendSpliced();
    if (failed > 0) throw new ErrnoError(failed, "splice");
  } else {
    fillFromFile(file, reply.buffer(length), offset);
    reply.send(length);
  }
}

// What lies in many pieces is copied: one system call for each of them would cost more.
function spliceFromFile(file: BigFile, reply: ReadReply, offset: number, length: number): boolean {
  const { blksize } = file;
  let payload: FileBytes | undefined;
  for (let done = 0; done < length;) {
    const blk = Math.floor((offset + done) / blksize);
    const from = offset + done - blk * blksize;
    const part = Math.min(blksize - from, length - done);
    const place = placeInFile(file, blk, from, part);
    if (place === undefined) return false;
    payload ??= reply.splice(length);
    if (!payload?.add(place.fd, place.offset, part)) return false;
    done += part;
  }
  return true;
}

/** Where bytes of a block lie in the database's file, if they lie there one after the other. */
function placeInFile(
  file: BigFile,
  blk: number,
  from: number,
  length: number,
): { readonly fd: number; readonly offset: number } | undefined {
  const pieces = file.space.source(file, blk).piecesIn(from, from + length);
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined || !isInFile(only.piece)) return undefined;
  const { at, piece } = only;
  const isWhole = at <= from && at + piece.length >= from + length;
  return isWhole ? { fd: piece.fd, offset: piece.offset + from - at } : undefined;
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
