import { ErrnoError, errno } from "@belay/linux";
import type { Tid } from "@belay/zodb";
import { formatTid } from "@belay/zodb";
import type { Answer, Stream } from "./node.ts";
import { ReadQueue } from "./read-queue.ts";

/** A reader that lets so many lines pile up is let go: it would take the memory of the server. */
const BACKLOG = 65_536;

/** One opened `.wcfs/debug/zhead`: a line with the tid for every commit after the opening. */
export class HeadLines implements Stream {
  readonly #onClose: (stream: HeadLines) => void;
  readonly #lines = new ReadQueue();

  constructor(onClose: (stream: HeadLines) => void) {
    this.#onClose = onClose;
  }

  /** A commit was processed. @returns false: the reader has fallen too far behind and is let go */
  push(tid: Tid): boolean {
    if (this.#lines.backlog >= BACKLOG) this.#lines.end();
    else this.#lines.push(Buffer.from(`${formatTid(tid)}\n`));
    return !this.#lines.ended;
  }

  read(size: number, answer: Answer<Uint8Array>): void {
    this.#lines.read(size, answer);
  }

  isReadable(): boolean {
    return this.#lines.isReadable();
  }

  whenReadable(callback: () => void): void {
    this.#lines.whenReadable(callback);
  }

  write(): never {
    throw new ErrnoError(errno.ECONNRESET, "write");
  }

  close(): void {
    this.#lines.end();
    this.#onClose(this);
  }
}
