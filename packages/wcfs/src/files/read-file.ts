import type { ReadReply } from "@belay/fuse";
import { ErrnoError } from "@belay/linux";
import { fillFrom } from "../blocks/fill.ts";
import { isInFile } from "../blocks/piece.ts";
import type { PlacedPiece } from "../blocks/piece.ts";
import type { BigFile } from "./big-file.ts";

/** Bytes from which on an answer is put together by the kernel: for less, copying costs less. */
const SPLICED = 32 << 10;

/**
 * Answers a READ with `length` bytes of the file from `offset` on, which must lie inside the file.
 *
 * @throws when a block is damaged, or the database's file cannot be read; the reply may have been answered with EIO then
 */
export function sendFromFile(file: BigFile, reply: ReadReply, offset: number, length: number): void {
  const { blksize } = file;
  const first = Math.floor(offset / blksize);
  const from = offset - first * blksize;
  const pieces =
    from + length <= blksize
      ? file.space.source(file, first).piecesIn(from, from + length)
      : piecesOfBlocks(file, first, from, from + length);
  if (length >= SPLICED && splicePieces(pieces, reply, from, length)) {
    const failed = -reply.sendSpliced();
    if (failed > 0) throw new ErrnoError(failed, "splice");
  } else {
    fillFrom(pieces, reply.buffer(length), from);
    reply.send(length);
  }
}

/** Where the bytes from `from` up to `end` are, counted from the start of the first of several blocks. */
function piecesOfBlocks(file: BigFile, first: number, from: number, end: number): PlacedPiece[] {
  const { blksize, space } = file;
  const pieces: PlacedPiece[] = [];
  for (let start = 0; start < end; start += blksize) {
    const source = space.source(file, first + start / blksize);
    const found = source.piecesIn(Math.max(0, from - start), Math.min(blksize, end - start));
    for (const { at, piece } of found) pieces.push({ at: start + at, piece });
  }
  return pieces;
}

// What lies in many pieces or is partly not stored is copied: one system call for each of them would cost more.
function splicePieces(pieces: readonly PlacedPiece[], reply: ReadReply, from: number, length: number): boolean {
  if (pieces.length === 0 || pieces.length > length / SPLICED || !isSeamless(pieces, from, from + length)) return false;
  const payload = reply.splice(length);
  if (payload === undefined) return false;
  for (const { at, piece } of pieces) {
    const start = Math.max(at, from);
    const end = Math.min(at + piece.length, from + length);
    if (!isInFile(piece) || (end > start && !payload.add(piece.fd, piece.offset + start - at, end - start)))
      return false;
  }
  return true;
}

function isSeamless(pieces: readonly PlacedPiece[], from: number, to: number): boolean {
  let reach = from;
  for (const { at, piece } of pieces) {
    if (at > reach || !isInFile(piece)) return false;
    reach = Math.max(reach, at + piece.length);
  }
  return reach >= to;
}

/** How many of `size` bytes from `offset` on lie inside the file. */
export function bytesInside(file: BigFile, offset: number, size: number): number {
  return Math.max(0, Math.min(size, file.dataSize - offset));
}
