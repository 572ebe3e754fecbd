import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompressSync } from "node:zlib";

import { maxFrame } from "./frames.ts";
import { malformed } from "./wire.ts";

// The module is large, and most sessions compress nothing.
const compress = (bytes: Uint8Array): Promise<Buffer> =>
  promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });

/** Of a request's type: its payload is one zstd frame. */
export const compressedBit = 0x40;

/** Below this nothing is gained. */
const worthwhile = 512;
const sampleSize = 16 * 1024;
/** What has to be left of something for it to be sent compressed. */
const worthIt = 0.9;

/**
 * Compresses the payload of a request, where that makes it smaller. Of a large one a piece from its middle is tried first: content that is
 * compressed already costs little.
 *
 * @returns undefined when it is to be sent as it is
 */
export async function compressPayload(payload: Buffer): Promise<Buffer | undefined> {
  if (payload.length < worthwhile) return undefined;
  if (payload.length > 4 * sampleSize) {
    const start = (payload.length - sampleSize) >>> 1;
    const sample = await compress(payload.subarray(start, start + sampleSize));
    if (sample.length > sampleSize * worthIt) return undefined;
  }
  const packed = await compress(payload);
  return packed.length < payload.length * worthIt ? packed : undefined;
}

/** @throws BelayError `EPROTO` for what is no zstd, and what is larger than a frame may be */
export function decompressPayload(payload: Buffer): Buffer {
  try {
    return zstdDecompressSync(payload, { maxOutputLength: maxFrame });
  } catch {
    throw malformed("a payload that is not compressed as it says");
  }
}
