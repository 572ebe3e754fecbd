import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";

/** Makes `count` files of `size` bytes, a hundred in each directory. Two of them are never equal. */
export function makeSmallFiles(root: string, count: number, size: number): void {
  const content = randomFillSync(Buffer.allocUnsafe(size));
  for (let i = 0; i < count; i++) {
    const directory = join(root, `d${Math.floor(i / 100)}`);
    if (i % 100 === 0) mkdirSync(directory, { recursive: true });
    if (size >= 4) content.writeUInt32LE(i);
    writeFileSync(join(directory, `file-${i}`), content);
  }
}

/** Makes a file of random bytes without holes. */
export function makeLargeFile(path: string, bytes: number): void {
  const piece = randomFillSync(Buffer.allocUnsafe(16 * 1024 * 1024));
  const fd = openSync(path, "w");
  try {
    for (let at = 0; at < bytes; at += piece.length) {
      piece.writeDoubleLE(at);
      writeSync(fd, piece, 0, Math.min(piece.length, bytes - at));
    }
  } finally {
    closeSync(fd);
  }
}
