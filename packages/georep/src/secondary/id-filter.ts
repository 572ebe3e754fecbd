import type { IdHash } from "../ids/id-hash.ts";

/** Bits of a line of the processor's cache: all that is said of an id lies in one. */
const lineBits = 512;
const lines = 1 << 16;
const wordsOfLine = lineBits / 32;

/**
 * Tells of an id that it was never added, or that it may have been: a Bloom filter of 4 MiB, so that what is new need not be looked for in a
 * database. A false yes hardly ever comes up to some hundred thousand ids; beside a million, once in ten thousand.
 */
export class IdFilter {
  readonly #words = new Uint32Array(lines * wordsOfLine);

  add({ low, high }: IdHash): void {
    const line = (low & (lines - 1)) * wordsOfLine;
    this.#set(line, high);
    this.#set(line, high >>> 9);
    this.#set(line, high >>> 18);
    this.#set(line, low >>> 16);
    this.#set(line, restOf(low, high));
  }

  /** False: it was not added. */
  mayHold({ low, high }: IdHash): boolean {
    const line = (low & (lines - 1)) * wordsOfLine;
    return (
      this.#has(line, high) &&
      this.#has(line, high >>> 9) &&
      this.#has(line, high >>> 18) &&
      this.#has(line, low >>> 16) &&
      this.#has(line, restOf(low, high))
    );
  }

  #set(line: number, bit: number): void {
    const at = wordAt(line, bit);
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (bit & 31));
  }

  #has(line: number, bit: number): boolean {
    return ((this.#words[wordAt(line, bit)] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}

const wordAt = (line: number, bit: number): number => line + ((bit & (lineBits - 1)) >>> 5);

/** Those bits of the hash that are not used otherwise. */
const restOf = (low: number, high: number): number => (low >>> 25) | ((high >>> 27) << 7);
