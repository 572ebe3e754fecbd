import { hash } from "node:crypto";

/** Bytes of a digest. */
export const listingDigestSize = 16;

/** What an object was like, of what can be told without its content. */
export interface Listed {
  readonly mode: number;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

/** Bytes before a name: two words, two times. */
const headSize = 24;

/**
 * Digest of names in order and what they stand for. The worker forms it of what the source has, the secondary of what it remembers of that: where
 * they agree, nobody has to tell the names.
 */
export class ListingDigest {
  #buffer = Buffer.from(new ArrayBuffer(64 * 1024));
  #words = new Uint32Array(this.#buffer.buffer);
  #longs = new BigInt64Array(this.#buffer.buffer);
  #length = 0;

  /**
   * @param name  by `keyOf`; empty: the directory itself
   * @param inode  low half of its number at the source
   */
  add(name: string, { mode, mtime, ctime }: Listed, inode: number): void {
    // Each begins where a 64-bit number may lie.
    const end = (this.#length + headSize + name.length + 7) & ~7;
    if (end > this.#buffer.length) this.#grow(end);
    const at = this.#length;
    this.#words[at / 4] = (mode & 0xffff) | (name.length << 16);
    this.#words[at / 4 + 1] = inode;
    this.#longs[at / 8 + 1] = mtime;
    this.#longs[at / 8 + 2] = ctime;
    if (name.length % 8 !== 0) this.#longs[end / 8 - 1] = 0n;
    this.#buffer.write(name, at + headSize, "latin1");
    this.#length = end;
  }

  /** Begins anew. */
  clear(): void {
    this.#length = 0;
  }

  /** The digest of what was added. */
  take(): Buffer {
    return hash("sha256", this.#buffer.subarray(0, this.#length), "buffer").subarray(0, listingDigestSize);
  }

  #grow(least: number): void {
    const larger = Buffer.from(new ArrayBuffer(2 * least));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#words = new Uint32Array(larger.buffer);
    this.#longs = new BigInt64Array(larger.buffer);
  }
}
