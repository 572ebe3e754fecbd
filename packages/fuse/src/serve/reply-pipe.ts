import {
  addressOf,
  close,
  ErrnoError,
  O_NONBLOCK,
  pageSize,
  pipe,
  setPipeSize,
  SPLICE_F_NONBLOCK,
  spliceFromFileRaw,
  spliceRaw,
  writeRaw,
  type Pipe,
} from "@belay/linux";

import { replyHeaderSize } from "../wire/message.ts";

/** Wanted capacity: what everybody may have. */
const SIZE = 1 << 20;

/** Pages of pipe buffers that a kernel gives without being asked. */
const LEAST = 16;

/**
 * A pipe that replies are put together in from pages of files: the kernel copies them once, from the page cache of the file into
 * that of the mount.
 *
 * Nothing is left in it between two replies: where something went wrong it is made anew.
 */
export class ReplyPipe implements Disposable {
  readonly #header = new Uint32Array(replyHeaderSize / 4);
  readonly #headerAddress = addressOf(this.#header);
  readonly #page = pageSize();
  #pipe: Pipe;
  #pages: number;
  #wanted = 0;
  #has = 0;

  constructor() {
    this.#pipe = pipe(O_NONBLOCK);
    this.#pages = enlarge(this.#pipe);
  }

  /**
   * Begins a reply to a request.
   *
   * @param length  bytes that the payload will have
   * @returns false when a pipe does not hold that much
   */
  begin(uniqueLow: number, uniqueHigh: number, length: number): boolean {
    // One for the header; a run of bytes begins and ends within a page.
    if ((this.#pages - 1) * this.#page < length + this.#page) return false;
    if (this.#has > 0) this.#renew();
    const header = this.#header;
    header[0] = this.#wanted = replyHeaderSize + length;
    header[1] = 0;
    header[2] = uniqueLow;
    header[3] = uniqueHigh;
    this.#has = Math.max(0, writeRaw(this.#pipe.writeEnd, this.#headerAddress, replyHeaderSize));
    return this.#has === replyHeaderSize;
  }

  /** Appends bytes of a file. @returns false when that cannot be done: the reply has to be sent in another way */
  add(fd: number, offset: number, length: number): boolean {
    for (let done = 0; done < length;) {
      const got = spliceFromFileRaw(fd, offset + done, this.#pipe.writeEnd, length - done, SPLICE_F_NONBLOCK);
      if (got <= 0) return false;
      done += got;
      this.#has += got;
    }
    return true;
  }

  /** Sends the reply. @returns 0 or -errno */
  send(fd: number): number {
    if (this.#has !== this.#wanted) throw new Error(`a reply of ${this.#wanted} bytes has ${this.#has}`);
    const sent = spliceRaw(this.#pipe.readEnd, fd, this.#wanted, SPLICE_F_NONBLOCK);
    if (sent === this.#wanted) this.#has = 0;
    return sent < 0 ? sent : 0;
  }

  [Symbol.dispose](): void {
    close(this.#pipe.readEnd);
    close(this.#pipe.writeEnd);
  }

  #renew(): void {
    this[Symbol.dispose]();
    this.#pipe = pipe(O_NONBLOCK);
    this.#pages = enlarge(this.#pipe);
    this.#has = 0;
  }
}

// A user may have used up what pipes of users may have.
function enlarge({ writeEnd }: Pipe): number {
  try {
    return setPipeSize(writeEnd, SIZE) / pageSize();
  } catch (error) {
    if (error instanceof ErrnoError) return LEAST;
    throw error;
  }
}
