import type { Writable } from "node:stream";

import { encodeFrame, writePieces, type Frame } from "./frames.ts";

/**
 * Most replies that wait for each other, and how long, in milliseconds: far less than what the worker may have under way takes here, or it would
 * have sent nothing further by the time we have worked through that.
 */
const most = { replies: 16, ms: 2 } as const;

/** Replies that go out together. */
export class HeldReplies {
  readonly #output: Writable;
  #pieces: Buffer[] = [];
  #count = 0;
  #since = 0;

  constructor(output: Writable) {
    this.#output = output;
  }

  add(reply: Frame): void {
    if (this.#count === 0) this.#since = performance.now();
    this.#pieces.push(...encodeFrame(reply));
    this.#count++;
  }

  /** They have waited long enough. */
  get isDue(): boolean {
    return this.#count >= most.replies || performance.now() - this.#since >= most.ms;
  }

  /** @throws BelayError EPIPE */
  async send(): Promise<void> {
    if (this.#count === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#count = 0;
    await writePieces(this.#output, pieces);
  }

  /** Waits for what may come slowly; replies do not wait along with it. */
  async whileReading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#count === 0) return read();
    // A peer that is gone shows at the next read or write.
    const timer = setTimeout(() => void this.send().catch(() => undefined), most.ms);
    try {
      return await read();
    } finally {
      clearTimeout(timer);
    }
  }
}
