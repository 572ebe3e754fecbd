import type { IdHash } from "../ids/id-hash.ts";

/** Bits of a line of the processor's cache: all that is said of an id lies in one. */
const lineBits = 512;
const wordsOfLine = lineBits / 32;

/** Ids for which {@link IdFilter} begins, with {@link firstLines}: memory that is hardly used costs time, too. */
const firstIds = 100_000;
const firstLines = 1 << 14;
const moreLines = 1 << 16;

/**
 * Tells of an id that it was never added, or that it may have been: a Bloom filter of 1 MiB, with one of 4 MiB beside it when there are many, so that
 * what is new need not be looked for in a database. A false yes hardly ever comes up to some hundred thousand ids; beside a million, once in ten
 * thousand.
 */
export class IdFilter {
  readonly #first = new LineFilter(firstLines);
  #more: LineFilter | undefined;
  #added = 0;

  add(hash: IdHash): void {
    if (this.#added++ < firstIds) this.#first.add(hash);
    else (this.#more ??= new LineFilter(moreLines)).add(hash);
  }

  /** False: it was not added. */
  mayHold(hash: IdHash): boolean {
    return this.#first.mayHold(hash) || this.#more?.mayHold(hash) === true;
  }
}

class LineFilter {
  readonly #lines: number;
  readonly #words: Uint32Array;

  /** @param lines  a power of two, 65,536 at most */
  constructor(lines: number) {
    this.#lines = lines;
    this.#words = new Uint32Array(lines * wordsOfLine);
  }

  add({ low, high }: IdHash): void {
    const line = this.#lineOf(low);
    this.#set(line, high);
    this.#set(line, high >>> 9);
    this.#set(line, high >>> 18);
    this.#set(line, low >>> 16);
    this.#set(line, restOf(low, high));
  }

  mayHold({ low, high }: IdHash): boolean {
    const line = this.#lineOf(low);
    return (
      this.#has(line, high) &&
      this.#has(line, high >>> 9) &&
      this.#has(line, high >>> 18) &&
      this.#has(line, low >>> 16) &&
      this.#has(line, restOf(low, high))
    );
  }

  /** Its first word. */
  #lineOf(low: number): number {
    return (low & (this.#lines - 1)) * wordsOfLine;
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
