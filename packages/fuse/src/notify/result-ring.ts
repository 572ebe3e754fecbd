const readAt = 0;
const writtenAt = 1;
const headerWords = 2;

/**
 * A queue of pairs of numbers from one thread to another in shared memory, which the receiver empties without its event
 * loop. The sender must know by other means that there is room.
 */
export class ResultRing {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  /** Pairs it holds. */
  readonly capacity: number;

  /** @param shared  pairs to hold, or `shared` of the other side's object */
  constructor(shared: number | SharedArrayBuffer) {
    this.shared = typeof shared === "number" ? new SharedArrayBuffer(4 * (headerWords + 2 * shared)) : shared;
    this.#words = new Int32Array(this.shared);
    this.capacity = (this.#words.length - headerWords) / 2;
  }

  push(first: number, second: number): void {
    const written = Atomics.load(this.#words, writtenAt);
    const at = this.#place(written);
    this.#words[at] = first;
    this.#words[at + 1] = second;
    Atomics.store(this.#words, writtenAt, (written + 1) | 0);
  }

  /** Takes the oldest pair. */
  take(): [number, number] | undefined {
    const read = Atomics.load(this.#words, readAt);
    if (read === Atomics.load(this.#words, writtenAt)) return undefined;
    const at = this.#place(read);
    const pair: [number, number] = [this.#words[at] ?? 0, this.#words[at + 1] ?? 0];
    Atomics.store(this.#words, readAt, (read + 1) | 0);
    return pair;
  }

  #place(count: number): number {
    return headerWords + 2 * ((count >>> 0) % this.capacity);
  }
}
