import { MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, mmap, PROT_READ } from "@belay/linux";
import type { BlockRange } from "./messages.ts";

/** Memory that shows blocks of a file. It belongs to whoever reserved it; here only what it shows is changed. */
export class MappedRange {
  readonly blocks: BlockRange;
  readonly #address: number;
  readonly #blksize: number;
  readonly #faulted: Int32Array;

  constructor(address: number, blocks: BlockRange, blksize: number, faulted: Int32Array) {
    this.#address = address;
    this.blocks = blocks;
    this.#blksize = blksize;
    this.#faulted = faulted;
  }

  /** Whether a block lies in the range. */
  covers(blk: number): boolean {
    return blk >= this.blocks.start && blk < this.blocks.stop;
  }

  /**
   * Shows the blocks that are in both ranges. Never touches memory outside its own.
   *
   * @param fd  of a file in which each block lies at its place; undefined: zeros
   */
  show(range: BlockRange, fd: number | undefined): void {
    const start = Math.max(range.start, this.blocks.start);
    const length = (Math.min(range.stop, this.blocks.stop) - start) * this.#blksize;
    if (length <= 0) return;
    const address = this.#address + (start - this.blocks.start) * this.#blksize;
    const place = { address, length, protection: PROT_READ };
    if (fd === undefined) mmap({ ...place, flags: zeros });
    else mmap({ ...place, flags: MAP_SHARED | MAP_FIXED, fd, offset: start * this.#blksize });
  }

  /**
   * Shows zeros from now on: a page of a file that cannot be had would end the process, memory that may not be read likewise.
   *
   * The word is set first: whoever has seen such a zero sees the word, too.
   */
  fault(): void {
    Atomics.store(this.#faulted, 0, 1);
    this.show(this.blocks, undefined);
  }
}

const zeros = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
