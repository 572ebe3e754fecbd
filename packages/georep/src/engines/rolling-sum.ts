import { blockSize } from "./blocks.ts";

/**
 * A sum of a block that is told for the block one byte further on by a few additions: of the bytes, and of the bytes by how far they lie from the
 * block's end, as rsync's. Many blocks may have the same.
 */
export function rollingSumOf(block: Uint8Array): number {
  const { plain, weighted } = partsOf(block, 0, block.length);
  return mixed(plain, weighted);
}

// By index: an iterator takes ten times as long.
function partsOf(bytes: Uint8Array, start: number, end: number): { plain: number; weighted: number } {
  let [plain, weighted] = [0, 0];
  for (let at = start; at < end; at++) {
    plain = (plain + (bytes[at] ?? 0)) | 0;
    weighted = (weighted + plain) | 0;
  }
  return { plain, weighted };
}

// Both parts count mod 2^32, and neither has its bits spread.
const mixed = (plain: number, weighted: number): number =>
  Math.imul(weighted, 0x9e3779b1) ^ Math.imul(plain, 0x85ebca6b);

/** Sums that are looked for: a bit each, so that mostly one look into memory that is at hand tells that a sum is none of them. */
export class SumFilter {
  readonly #words = new Int32Array((1 << filterBits) / 32);

  clear(): void {
    this.#words.fill(0);
  }

  add(sum: number): void {
    const bit = sum >>> (32 - filterBits);
    this.#words[bit >>> 5] = (this.#words[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  /**
   * Looks for a block at every byte.
   *
   * @param bytes  as far as the end of a block that begins at `last`
   * @param first  where the first block to look at begins
   * @param isFound  told of those whose sum may be one of those looked for; true ends the search
   * @returns where a block was found
   */
  scan(
    bytes: Uint8Array,
    { first, last }: { readonly first: number; readonly last: number },
    isFound: (at: number, sum: number) => boolean,
  ): number | undefined {
    const words = this.#words;
    let { plain, weighted } = partsOf(bytes, first, first + blockSize);
    for (let at = first; ; at++) {
      const sum = mixed(plain, weighted);
      const bit = sum >>> (32 - filterBits);
      if (((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0 && isFound(at, sum)) return at;
      if (at >= last) return undefined;
      const out = bytes[at] ?? 0;
      plain = (plain - out + (bytes[at + blockSize] ?? 0)) | 0;
      weighted = (weighted - Math.imul(out, blockSize) + plain) | 0;
    }
  }
}

/** 32 KiB of memory. */
const filterBits = 18;
