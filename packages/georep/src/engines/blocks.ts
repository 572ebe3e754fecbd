import { hash } from "node:crypto";

/** Bytes of a block that differences are told in. */
export const blockSize = 64 * 1024;
/** Bytes of a block's signature: half a SHA-256. */
export const signatureSize = 16;
/** Bytes of the rolling sum of a block, and its signature. */
export const sumSize = 4 + signatureSize;

/** Signature of a block. */
export function signatureOf(block: Uint8Array): Buffer {
  return hash("sha256", block, "buffer").subarray(0, signatureSize);
}
