import { createCipheriv } from "node:crypto";

import type { MovedPart } from "../rpc/messages.ts";

/** Bytes of a digest. */
export const digestSize = 16;

const key = Buffer.from("belay georep 1.0");
const nonce = Buffer.alloc(12);

/**
 * Digest of the pieces of a content and where they belong: both ends form it, so that what arrived is what was sent.
 *
 * It is GMAC under a key that everybody knows: 128 bits against damage on the way, which the processor computes fifteen times as fast as a
 * SHA-256. It does not have to be more: whoever could forge it is the peer, and may send what it likes anyway.
 */
export class ContentDigest {
  readonly #cipher = createCipheriv("aes-128-gcm", key, nonce);

  update(offset: number, bytes: Buffer): this {
    const header = Buffer.alloc(16);
    header.writeBigUInt64LE(BigInt(offset));
    header.writeUInt32LE(bytes.length, 8);
    this.#cipher.setAAD(header).setAAD(bytes);
    return this;
  }

  /** What was not sent, but moved there from elsewhere in the older content. */
  move({ from, to, length }: MovedPart): this {
    const origin = Buffer.alloc(16);
    origin.writeBigUInt64LE(BigInt(from));
    origin.writeBigUInt64LE(BigInt(length), 8);
    return this.update(to, origin);
  }

  /** The digest of all pieces so far; nothing can be added afterwards. */
  digest(): Buffer {
    this.#cipher.final();
    return this.#cipher.getAuthTag();
  }
}
