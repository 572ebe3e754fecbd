import { close, O_RDONLY, pread } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { blockSize, signatureOf } from "../engines/blocks.ts";
import { rollingSumOf } from "../engines/rolling-sum.ts";
import type { FileId } from "../ids/file-id.ts";
import { placeOf, type Batch } from "./batch.ts";
import { openPlace } from "./own-access.ts";

/** Signatures of consecutive blocks of the file that stands for an object; the last may be short. */
export function signaturesOf(batch: Batch, id: FileId, firstBlock: number, count: number): Buffer {
  const signatures: Buffer[] = [];
  forEachBlock(batch, id, { firstBlock, count }, (block) => signatures.push(signatureOf(block)));
  return Buffer.concat(signatures);
}

/** By what whole blocks are found wherever they are now: the rolling sum of each, and its signature. */
export function sumsOf(batch: Batch, id: FileId, firstBlock: number, count: number): Buffer {
  const sums: Buffer[] = [];
  forEachBlock(batch, id, { firstBlock, count }, (block) => {
    if (block.length < blockSize) return;
    const sum = Buffer.allocUnsafe(4);
    sum.writeInt32LE(rollingSumOf(block));
    sums.push(sum, signatureOf(block));
  });
  return Buffer.concat(sums);
}

function forEachBlock(
  batch: Batch,
  id: FileId,
  { firstBlock, count }: { readonly firstBlock: number; readonly count: number },
  take: (block: Buffer) => void,
): void {
  const object = batch.session.map.get(id);
  const place = object && placeOf(batch, object);
  if (place === undefined) throw new BelayError("ENOENT", "signatures of a file that is not here");
  const fd = openPlace(place, O_RDONLY);
  try {
    const block = Buffer.allocUnsafe(blockSize);
    for (let index = firstBlock; index < firstBlock + count; index++) {
      const length = pread(fd, block, index * blockSize);
      if (length > 0) take(block.subarray(0, length));
      if (length < blockSize) break;
    }
  } finally {
    close(fd);
  }
}
