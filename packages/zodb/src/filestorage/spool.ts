import { closeSync, ftruncateSync, openSync } from "node:fs";
import { readAt } from "./read-at.ts";
import { writeAllAt } from "./write-all.ts";

/** More than this goes to a file. */
const IN_MEMORY = 32 << 20;
const CHUNK = 1 << 20;

/** The records of a transaction before its vote: in memory, or in a scratch file if they are many. */
export class Spool implements Disposable {
  readonly #path: string;
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #written = 0;
  #fd = -1;

  /** @param path  of the scratch file; its old content is lost when it is used */
  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes it holds. */
  get size(): number {
    return this.#written + this.#waiting;
  }

  /** @param piece  must not be changed afterwards */
  append(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    if (this.#waiting > IN_MEMORY) this.#spill();
  }

  #spill(): void {
    if (this.#fd < 0) this.#fd = openSync(this.#path, "w+", 0o666);
    for (const piece of this.#pieces) {
      writeAllAt(this.#fd, piece, this.#written);
      this.#written += piece.length;
    }
    this.#pieces = [];
    this.#waiting = 0;
  }

  /** Everything in order, in pieces that are valid until the next one is taken. */
  *pieces(): Generator<Uint8Array> {
    const bytes = Buffer.allocUnsafe(this.#written > 0 ? CHUNK : 0);
    for (let at = 0; at < this.#written; at += CHUNK) {
      const count = Math.min(CHUNK, this.#written - at);
      if (readAt(this.#fd, bytes, count, at) < count) throw new Error(`${this.#path} was cut off`);
      yield bytes.subarray(0, count);
    }
    yield* this.#pieces;
  }

  [Symbol.dispose](): void {
    this.#pieces = [];
    this.#waiting = 0;
    this.#written = 0;
    if (this.#fd < 0) return;
    // The file stays, as ZODB leaves it; the room it took may be what the next transaction needs.
    ftruncateSync(this.#fd);
    closeSync(this.#fd);
    this.#fd = -1;
  }
}
