/** What an upload is about: some file's block. */
export interface UploadTarget<F> {
  readonly file: F;
  readonly blk: number;
}

interface Wish<F> extends UploadTarget<F> {
  /** Bytes of the block that READs have asked for since the first of them. */
  covered: number;
  /** Where the last READ ended. */
  end: number;
  /** READs that did not begin where the one before ended. */
  jumps: number;
}

/** Settings of {@link UploadWishes}. */
export interface UploadPolicy {
  /** Milliseconds without any READ after which the rest of the blocks is uploaded. */
  readonly quiet: number;
  /** READs here and there in one block after which it is uploaded without waiting for that. */
  readonly jumps: number;
  /** Uploads under way at most. */
  readonly parallel: number;
  /** Wishes kept at most; the oldest go first. */
  readonly limit: number;
}

/** The policy of the server: a page fault must not wait behind uploads, and a sequential reader must not cause any. */
export const serverUploadPolicy: UploadPolicy = { quiet: 10, jumps: 4, parallel: 2, limit: 256 };

/**
 * Decides which blocks are pushed into the kernel's cache as a whole.
 *
 * A READ of a part makes a wish for the rest. It comes true when nothing was read for a moment, or at once when READs jump about in
 * the block, unless they have covered all of it by then: that is a sequential reader, whom read-ahead serves.
 */
export class UploadWishes<F> {
  readonly #policy: UploadPolicy;
  readonly #wishes = new Map<F, Map<number, Wish<F>>>();
  /** In order of the last READ. */
  readonly #order = new Set<Wish<F>>();
  readonly #urgent = new Set<Wish<F>>();
  #underWay = 0;
  #lastRead = -Infinity;

  constructor(policy: UploadPolicy = serverUploadPolicy) {
    this.#policy = policy;
  }

  /** Wishes that have not come true. */
  get size(): number {
    return this.#order.size;
  }

  /**
   * A READ of part of a block was answered.
   *
   * @param from first byte of it in the block
   * @param length bytes of it in the block
   * @param now milliseconds of a clock that only goes forward
   */
  noteRead(file: F, blk: number, from: number, length: number, blksize: number, now: number): void {
    this.#lastRead = now;
    const wish = this.#find(file, blk) ?? { file, blk, covered: 0, end: from, jumps: 0 };
    wish.covered += length;
    if (wish.end !== from) wish.jumps++;
    wish.end = from + length;
    if (wish.covered >= blksize) this.#remove(wish);
    else this.#put(wish);
  }

  /** An upload was given up before it began: the wish for it stands. */
  renew(file: F, blk: number): void {
    this.#put(this.#find(file, blk) ?? { file, blk, covered: 0, end: 0, jumps: 0 });
  }

  /** The block has changed: nothing of what was read counts. */
  forget(file: F, blk: number): void {
    const wish = this.#find(file, blk);
    if (wish !== undefined) this.#remove(wish);
  }

  /** The file is no longer known to the kernel. */
  forgetFile(file: F): void {
    for (const wish of [...(this.#wishes.get(file)?.values() ?? [])]) this.#remove(wish);
  }

  /** The uploads to start now; for each of them `done` must be called later. */
  take(now: number): UploadTarget<F>[] {
    const due: UploadTarget<F>[] = [];
    const quiet = this.#lastRead + this.#policy.quiet <= now;
    for (const wish of quiet ? this.#order : this.#urgent) {
      if (this.#underWay >= this.#policy.parallel) break;
      this.#remove(wish);
      this.#underWay++;
      due.push(wish);
    }
    return due;
  }

  /** An upload has ended, well or not. */
  done(): void {
    this.#underWay--;
  }

  /** Milliseconds until take() may have something; undefined: not before a noteRead() or done(). */
  nextIn(now: number): number | undefined {
    if (this.#underWay >= this.#policy.parallel || this.#order.size === 0) return undefined;
    return this.#urgent.size > 0 ? 0 : Math.max(0, this.#lastRead + this.#policy.quiet - now);
  }

  #find(file: F, blk: number): Wish<F> | undefined {
    return this.#wishes.get(file)?.get(blk);
  }

  #put(wish: Wish<F>): void {
    let ofFile = this.#wishes.get(wish.file);
    if (ofFile === undefined) this.#wishes.set(wish.file, (ofFile = new Map<number, Wish<F>>()));
    ofFile.set(wish.blk, wish);
    this.#order.delete(wish);
    this.#order.add(wish);
    if (wish.jumps >= this.#policy.jumps) this.#urgent.add(wish);
    if (this.#order.size > this.#policy.limit) this.#dropOldest();
  }

  #dropOldest(): void {
    for (const wish of this.#order) return this.#remove(wish);
  }

  #remove(wish: Wish<F>): void {
    this.#order.delete(wish);
    this.#urgent.delete(wish);
    const ofFile = this.#wishes.get(wish.file);
    ofFile?.delete(wish.blk);
    if (ofFile?.size === 0) this.#wishes.delete(wish.file);
  }
}
