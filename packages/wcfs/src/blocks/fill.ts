import { isInFile, readPiece } from "./piece.ts";
import type { PlacedPiece } from "./piece.ts";
import { readScattered } from "./scattered.ts";
import type { FilePart } from "./scattered.ts";

/** Fills `target`, which begins at byte `from` of the block, from ascending pieces, and with zeros between them. */
export function fillFrom(pieces: readonly PlacedPiece[], target: Uint8Array, from: number): void {
  const end = from + target.length;
  const inFile: FilePart[] = [];
  let done = 0;
  for (const { at, piece } of pieces) {
    const start = Math.max(at, from);
    const length = Math.min(at + piece.length, end) - start;
    if (length <= 0) continue;
    const to = start - from;
    if (to > done) target.fill(0, done, to);
    done = to + length;
    if (isInFile(piece)) inFile.push({ fd: piece.fd, offset: piece.offset + start - at, to, length });
    else readPiece(piece, target.subarray(to, done), start - at);
  }
  if (done < target.length) target.fill(0, done);
  readScattered(inFile, target);
}
