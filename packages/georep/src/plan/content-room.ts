/**
 * Memory for the content of the files of one plan. It is used again and again: fresh memory for each file would cost more than to read it, and keep
 * the garbage collector at work.
 */
export class ContentRoom {
  readonly #bytes: Buffer;
  #used = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  /** The next bytes, which stay free until they are {@link keep kept}; memory of its own for what has no room. */
  next(length: number): Buffer {
    const end = this.#used + length;
    return end > this.#bytes.length ? Buffer.allocUnsafe(length) : this.#bytes.subarray(this.#used, end);
  }

  /** What was given last, of this length, is in use from now on. */
  keep(length: number): void {
    this.#used += length;
  }

  /** All of it is free again. */
  clear(): void {
    this.#used = 0;
  }
}
