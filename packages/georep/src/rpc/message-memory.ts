/** Below this memory is not worth to be kept. */
const least = 32 * 1024;
const most = 2 * 1024 * 1024;
/** Most pieces that are kept. */
const mostKept = 12;

/** Memory of large messages that are done with, for the next ones: fresh memory costs more than to write to it. */
export class MessageMemory {
  readonly #free: Buffer[] = [];

  /** @param size  how long the message will be, about */
  take(size: number): Buffer {
    if (size < least) return Buffer.allocUnsafe(1024);
    const free = this.#free.pop();
    return free !== undefined && free.length >= size ? free : Buffer.allocUnsafeSlow(Math.ceil(size / least) * least);
  }

  /** Takes back memory that nobody refers to any more. */
  give(memory: Buffer): void {
    const { length } = memory;
    if (length >= least && length <= most && this.#free.length < mostKept) this.#free.push(memory);
  }
}
