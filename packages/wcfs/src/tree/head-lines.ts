import { ErrnoError, errno } from "@belay/linux";
import type { Tid } from "@belay/zodb";
import { formatTid } from "@belay/zodb";
import type { Answer, Stream } from "./node.ts";

/** A reader that lets so many lines pile up is let go: it would take the memory of the server. */
const BACKLOG = 65_536;

/**
 * One opened `.wcfs/debug/zhead`: a line with the tid for every commit after the opening.
 *
 * A read gets one line, or the part of one that was asked for.
 */
export class HeadLines implements Stream {
  readonly #onClose: (stream: HeadLines) => void;
  #lines: Buffer[] = [];
  #waiting: { size: number; answer: Answer<Uint8Array> }[] = [];
  #ended = false;

  constructor(onClose: (stream: HeadLines) => void) {
    this.#onClose = onClose;
  }

  /** A commit was processed. @returns false: the reader has fallen too far behind and is let go */
  push(tid: Tid): boolean {
    if (this.#ended) return false;
    if (this.#lines.length >= BACKLOG) {
      this.#end();
      return false;
    }
    this.#lines.push(Buffer.from(`${formatTid(tid)}\n`));
    this.#serve();
    return true;
  }

  read(size: number, answer: Answer<Uint8Array>): void {
    const request = { size, answer };
    this.#waiting.push(request);
    answer.onInterrupt(() => {
      this.#waiting = this.#waiting.filter((other) => other !== request);
      answer.refuse(errno.EINTR);
    });
    this.#serve();
  }

  write(): never {
    throw new ErrnoError(errno.ECONNRESET, "write");
  }

  close(): void {
    this.#end();
    this.#onClose(this);
  }

  #end(): void {
    this.#ended = true;
    this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const line = this.#lines[0];
      if (line === undefined && !this.#ended) return;
      const request = this.#waiting.shift();
      if (request === undefined) return;
      const part = line?.subarray(0, request.size) ?? Buffer.alloc(0);
      if (line !== undefined) this.#takeOff(line, part.length);
      request.answer.give(part);
    }
  }

  #takeOff(line: Buffer, length: number): void {
    if (length === line.length) this.#lines.shift();
    else this.#lines[0] = line.subarray(length);
  }
}
