import { blockSize, signatureOf, signatureSize, sumSize } from "./blocks.ts";
import { SumFilter } from "./rolling-sum.ts";

/** Blocks whose sums are asked for at once: what the destination reads in some ten milliseconds. */
const groupBlocks = 256;
/** Groups that are known before and after the one in which a block is expected: so far content is looked for. */
const groupsBehind = 2;
const groupsAhead = 4;

/** So many blocks with a sum that is looked for, and other content, make no file of the usual kind. */
const mostMistaken = 10_000;

/** A block of the destination's older content, and where it is now. */
export interface FoundBlock {
  readonly at: number;
  readonly block: number;
}

/**
 * What the destination has of a file, as whole blocks, and by what they are found. Only those around a place are known, however long the file is.
 */
export class BaseBlocks {
  readonly #ask: (firstBlock: number, count: number) => Promise<Buffer>;
  readonly #count: number;
  /** Sums by group. */
  #groups = new Map<number, Buffer>();
  /** Blocks by their rolling sums. */
  readonly #bySum = new Map<number, number>();
  readonly #filter = new SumFilter();
  #mistaken = 0;

  /**
   * @param ask  the sums of some blocks, see `sumsOf`
   * @param size  bytes that the destination has
   */
  constructor(ask: (firstBlock: number, count: number) => Promise<Buffer>, size: number) {
    this.#ask = ask;
    this.#count = Math.floor(size / blockSize);
  }

  /** Gets to know the blocks around one, which may lie beyond the ends. */
  async around(block: number): Promise<void> {
    const last = Math.max(Math.ceil(this.#count / groupBlocks) - 1, 0);
    const group = Math.min(Math.max(Math.floor(block / groupBlocks), 0), last);
    const [from, to] = [Math.max(group - groupsBehind, 0), Math.min(group + groupsAhead, last)];
    if (this.#groups.has(from) && this.#groups.has(to) && this.#groups.size === to - from + 1) return;
    const groups = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const sums = await Promise.all(groups.map(async (each) => this.#groups.get(each) ?? (await this.#askFor(each))));
    this.#groups = new Map(groups.map((each, index) => [each, sums[index] ?? nothing]));
    this.#index();
  }

  /** Tells whether this is the content of a block that is known. */
  is(block: number, bytes: Uint8Array): boolean {
    return this.#signature(block)?.equals(signatureOf(bytes)) === true;
  }

  /**
   * Looks for any of the known blocks.
   *
   * @param bytes  of the file, as far as the end of a block that begins at `last`
   * @param offset  where in the file they begin
   * @param last  where the last block to look at begins in them
   */
  find(bytes: Buffer, offset: number, last: number): FoundBlock | undefined {
    let block: number | undefined;
    const at = this.#filter.scan(bytes, { first: 0, last }, (where, sum) => {
      block = this.#bySum.get(sum);
      if (block === undefined || this.#mistaken >= mostMistaken) return false;
      const isFound = this.is(block, bytes.subarray(where, where + blockSize));
      if (!isFound) this.#mistaken++;
      return isFound;
    });
    return at === undefined || block === undefined ? undefined : { at: offset + at, block };
  }

  async #askFor(group: number): Promise<Buffer> {
    const first = group * groupBlocks;
    return this.#ask(first, Math.min(groupBlocks, this.#count - first));
  }

  #signature(block: number): Buffer | undefined {
    const at = (block % groupBlocks) * sumSize + (sumSize - signatureSize);
    const sums = this.#groups.get(Math.floor(block / groupBlocks));
    return sums === undefined || at + signatureSize > sums.length ? undefined : sums.subarray(at, at + signatureSize);
  }

  // Of blocks of the same content the first will do. Where nothing was ever written is no place that something has moved from.
  #index(): void {
    this.#bySum.clear();
    this.#filter.clear();
    for (const [group, sums] of this.#groups)
      for (let at = 0; at + sumSize <= sums.length; at += sumSize) {
        const sum = sums.readInt32LE(at);
        if (sum === 0 || this.#bySum.has(sum)) continue;
        this.#bySum.set(sum, group * groupBlocks + at / sumSize);
        this.#filter.add(sum);
      }
  }
}

const nothing = Buffer.alloc(0);
