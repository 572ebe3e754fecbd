import { hash } from "node:crypto";

import { close, O_RDONLY, pread } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import { placeOf, type Batch } from "./batch.ts";
import { openPlace } from "./own-access.ts";

/** Bytes of a block that differences are told in. */
export const blockSize = 64 * 1024;
/** Bytes of a block's signature: half a SHA-256. */
export const signatureSize = 16;

/** Signature of a block. */
export function signatureOf(block: Uint8Array): Buffer {
  return hash("sha256", block, "buffer").subarray(0, signatureSize);
}

/** Signatures of consecutive blocks of the file that stands for an object; the last may be short. */
export function signaturesOf(batch: Batch, id: FileId, firstBlock: number, count: number): Buffer {
  const object = batch.session.map.get(id);
  const place = object && placeOf(batch, object);
  if (place === undefined) throw new BelayError("ENOENT", "signatures of a file that is not here");
  const fd = openPlace(place, O_RDONLY);
  try {
    const signatures: Buffer[] = [];
    const block = Buffer.allocUnsafe(blockSize);
    for (let index = firstBlock; index < firstBlock + count; index++) {
      const length = pread(fd, block, index * blockSize);
      if (length > 0) signatures.push(signatureOf(block.subarray(0, length)));
      if (length < blockSize) break;
    }
    return Buffer.concat(signatures);
  } finally {
    close(fd);
  }
}
