import { maxFrame, startsWithFrame, type ByteSource } from "./frames.ts";
import { malformed } from "./wire.ts";

/** Enough for some requests of an ordinary size. */
const firstSize = 4 * 1024 * 1024;

/** Bytes that are pushed, in memory that is used again: what was taken is true until the next bytes are asked for. */
export class DirectQueue implements ByteSource {
  readonly #portion: number;
  readonly #resume: () => void;
  #memory = Buffer.allocUnsafeSlow(firstSize);
  #start = 0;
  #end = 0;
  #isPaused = false;
  #hasEnded = false;
  #error: Error | undefined;
  #wake = Promise.withResolvers<undefined>();

  /**
   * @param portion  most that is pushed at once
   * @param resume  called when there is room again
   */
  constructor(portion: number, resume: () => void) {
    this.#portion = portion;
    this.#resume = resume;
  }

  /** Takes bytes, which may change afterwards. @returns false when there is no room for another portion until `resume` is called */
  push(bytes: Uint8Array): boolean {
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
    this.#isPaused = this.#end + this.#portion > this.#memory.length;
    this.#wake.resolve(undefined);
    return !this.#isPaused;
  }

  /** Where bytes may be put besides those that are pushed; may be empty. What was put there is told to {@link took}. */
  get room(): Buffer {
    return this.#memory.subarray(this.#end, Math.max(this.#end, this.#memory.length - this.#portion));
  }

  took(bytes: number): void {
    this.#end += bytes;
    this.#wake.resolve(undefined);
  }

  /** Nothing more will come. */
  end(error?: Error): void {
    this.#hasEnded = true;
    this.#error ??= error;
    this.#wake.resolve(undefined);
  }

  get hasFrame(): boolean {
    return startsWithFrame(this.#memory.subarray(this.#start, this.#end));
  }

  async take(size: number): Promise<Buffer | undefined> {
    while (this.#end - this.#start < size) {
      if (this.#hasEnded) {
        this.#requireNothing();
        return undefined;
      }
      this.#makeRoom(size);
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    const taken = this.#memory.subarray(this.#start, this.#start + size);
    this.#start += size;
    return taken;
  }

  #requireNothing(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#end > this.#start) throw malformed("the connection ended within a message");
  }

  // For what is asked for, and a portion that may come along with its last byte.
  #makeRoom(size: number): void {
    const waiting = this.#memory.subarray(this.#start, this.#end);
    const needed = size + this.#portion;
    if (needed > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(Math.min(2 * needed, maxFrame + needed));
    if (this.#start > 0 || waiting.buffer !== this.#memory.buffer) this.#memory.set(waiting, 0);
    this.#start = 0;
    this.#end = waiting.length;
    if (!this.#isPaused || this.#end + this.#portion > this.#memory.length) return;
    this.#isPaused = false;
    this.#resume();
  }
}
