import type { IoVector } from "@belay/linux";
import type { FileWindows } from "./file-windows.ts";
import { isInFile } from "./piece.ts";
import type { PlacedPiece } from "./piece.ts";

/**
 * Appends to a vector what `fillFrom` would fill `length` bytes with: ascending pieces, and zeros between them.
 *
 * @param from first byte in the block
 * @returns false when it has to be copied; the vector is of no use then
 */
export function gatherFrom(
  pieces: readonly PlacedPiece[],
  windows: FileWindows,
  vector: IoVector,
  from: number,
  length: number,
): boolean {
  const end = from + length;
  let done = from;
  for (const { at, piece } of pieces) {
    const start = Math.max(at, from);
    const stop = Math.min(at + piece.length, end);
    if (stop <= start) continue;
    if (!isInFile(piece)) return false;
    if (start > done && !windows.addZeros(vector, start - done)) return false;
    if (!windows.add(vector, piece.fd, piece.offset + start - at, stop - start)) return false;
    done = stop;
  }
  return done === end || windows.addZeros(vector, end - done);
}
