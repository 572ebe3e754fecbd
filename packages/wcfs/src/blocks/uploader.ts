import type { BigFile } from "../files/big-file.ts";
import type { KernelCache } from "../commits/kernel-cache.ts";
import { UploadWishes } from "./upload-wishes.ts";
import type { UploadTarget } from "./upload-wishes.ts";

/** Larger blocks are left to read-ahead: an upload must not hold up the notify thread for long. */
const MAX_BLOCK = 16 << 20;

/** Time as the serve thread keeps it. */
export interface Timers {
  /** Milliseconds; only goes forward. */
  now(): number;
  /** Calls back once, on the same thread. */
  after(milliseconds: number, callback: () => void): void;
}

/** Pushes whole blocks into the kernel's cache after parts of them were read. */
export class Uploader {
  readonly #cache: KernelCache;
  readonly #timers: Timers;
  readonly #wishes: UploadWishes<BigFile>;
  #timerAt = Infinity;
  #paused = false;

  constructor(cache: KernelCache, timers: Timers, wishes = new UploadWishes<BigFile>()) {
    this.#cache = cache;
    this.#timers = timers;
    this.#wishes = wishes;
  }

  /** A read was answered. */
  noteRead(file: BigFile, offset: number, length: number): void {
    const { blksize } = file;
    if (blksize > MAX_BLOCK || length === 0) return;
    const first = Math.floor(offset / blksize);
    const last = Math.floor((offset + length - 1) / blksize);
    const now = this.#timers.now();
    // Those in between were read as a whole.
    for (const blk of first === last ? [first] : [first, last]) {
      const from = Math.max(offset, blk * blksize);
      const to = Math.min(offset + length, (blk + 1) * blksize);
      if (to - from < blksize) this.#wishes.noteRead(file, blk, from - blk * blksize, to - from, blksize, now);
    }
    this.#schedule(now);
  }

  /** The block has changed. */
  forget(file: BigFile, blk: number): void {
    this.#wishes.forget(file, blk);
  }

  /** The kernel does not know the file any more. */
  forgetFile(file: BigFile): void {
    this.#wishes.forgetFile(file);
  }

  /** Starts none until resume. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule(this.#timers.now());
  }

  #schedule(now: number): void {
    const next = this.#paused ? undefined : this.#wishes.nextIn(now);
    if (next === undefined || now + next >= this.#timerAt) return;
    this.#timerAt = now + next;
    this.#timers.after(next, () => {
      this.#timerAt = Infinity;
      if (this.#paused) return;
      for (const target of this.#wishes.take(this.#timers.now())) this.#start(target);
      this.#schedule(this.#timers.now());
    });
  }

  #start({ file, blk }: UploadTarget<BigFile>): void {
    const done = (dropped: boolean) => {
      this.#wishes.done();
      if (dropped) this.#wishes.renew(file, blk);
      this.#schedule(this.#timers.now());
    };
    const offset = blk * file.blksize;
    const length = Math.min(file.blksize, file.dataSize - offset);
    try {
      const pieces = file.space.source(file, blk).pieces();
      this.#cache.store(file.id, { offset, length, pieces }, done);
    } catch {
      // A part of the block is damaged: whoever reads that part is told so.
      done(false);
    }
  }
}
