import type { IdHash } from "../ids/id-hash.ts";

/** Bits of the filter; a million ids make one in twenty answers a false yes. */
const bits = 1 << 23;

/**
 * Tells of an id that it was never added, or that it may have been: a Bloom filter of 1 MiB, so that what is new need not be looked for in a
 * database.
 */
export class IdFilter {
  readonly #words = new Uint32Array(bits / 32);

  add({ low, high }: IdHash): void {
    this.#set(low & (bits - 1));
    this.#set(high & (bits - 1));
  }

  /** False: it was not added. */
  mayHold({ low, high }: IdHash): boolean {
    return this.#has(low & (bits - 1)) && this.#has(high & (bits - 1));
  }

  #set(at: number): void {
    this.#words[at >>> 5] = (this.#words[at >>> 5] ?? 0) | (1 << (at & 31));
  }

  #has(at: number): boolean {
    return ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}
