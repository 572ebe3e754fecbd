import { createHash } from "node:crypto";

import { pread } from "@belay/linux";

const pieceSize = 1024 * 1024;

/** SHA-256 of a part of an open file; of what there is of it, when it is shorter. Blocks the thread. */
export function digestOf(fd: number, offset: number, length: number): Buffer {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(Math.min(pieceSize, Math.max(length, 1)));
  for (let at = offset; at < offset + length;) {
    const read = pread(fd, piece.subarray(0, Math.min(piece.length, offset + length - at)), at);
    if (read === 0) break;
    hash.update(piece.subarray(0, read));
    at += read;
  }
  return hash.digest();
}
