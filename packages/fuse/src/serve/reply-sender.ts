import { errno, ErrnoError } from "@belay/linux";

import { largestFixedPayload, type Words } from "../wire/encode.ts";
import { opcodeName } from "../wire/opcodes.ts";
import type { Request } from "../wire/request.ts";
import { ReplyBuffer } from "./reply-buffer.ts";
import { ReplyPipe } from "./reply-pipe.ts";

/** Writes replies to the device. */
export class ReplySender implements Disposable {
  readonly #fd: number;
  readonly #onSent: (request: Request) => void;
  readonly #onError: (error: unknown) => void;
  readonly #large: ReplyBuffer;
  readonly #small = new ReplyBuffer(largestFixedPayload);
  #pipe: ReplyPipe | undefined;
  #borrower: object | undefined;
  #closed = false;

  /**
   * @param capacity  bytes of the largest payload of a READ
   * @param onSent  told after each reply
   * @param onError  told of replies the kernel refused
   */
  constructor(fd: number, capacity: number, onSent: (request: Request) => void, onError: (error: unknown) => void) {
    this.#fd = fd;
    this.#large = new ReplyBuffer(capacity);
    this.#onSent = onSent;
    this.#onError = onError;
  }

  /** Address of what {@link lend} lends. */
  get bufferAddress(): number {
    return this.#large.address;
  }

  /** The large buffer, to be filled by a reply that then calls {@link lent}. */
  lend(borrower: object, size: number): Uint8Array {
    if (size > this.#large.capacity) {
      throw new RangeError(`${size} bytes wanted, a reply holds ${this.#large.capacity}`);
    }
    this.#borrower = borrower;
    return this.#large.view(size);
  }

  /** @throws Error when another reply has used the large buffer meanwhile */
  checkLent(borrower: object, length: number): void {
    if (this.#borrower !== borrower)
      throw new Error("the reply's buffer was not asked for, or another reply used it since");
    if (length > this.#large.capacity)
      throw new RangeError(`${length} bytes sent, a reply holds ${this.#large.capacity}`);
  }

  /** The pipe with the header of a reply in it, to be filled and then sent by {@link spliced}; undefined: too small for it. */
  lendPipe(request: Request, length: number): ReplyPipe | undefined {
    if (this.#closed) return undefined;
    this.#pipe ??= new ReplyPipe();
    return this.#pipe.begin(request.uniqueLow, request.uniqueHigh, length) ? this.#pipe : undefined;
  }

  /** Sends what the pipe holds. @returns 0 or -errno */
  spliced(request: Request): number {
    this.#onSent(request);
    if (this.#closed || this.#pipe === undefined) return 0;
    const sent = this.#pipe.send(this.#fd);
    if (sent >= 0 || callerIsGone(-sent)) return 0;
    // Mostly the kernel has failed the request by itself: then it does not know it any more, and takes no notice of this.
    this.error(request, errno.EIO);
    return sent;
  }

  /** The borrower is about to answer, with the large buffer or without. */
  release(borrower: object): void {
    if (this.#borrower === borrower) this.#borrower = undefined;
  }

  /** Sends what the borrower put into the large buffer. */
  lent(request: Request, length: number): void {
    this.#send(this.#large, request, 0, length);
  }

  /** Sends a payload of at most {@link largestFixedPayload} bytes. */
  fixed(request: Request, encoder: (words: Words) => number): void {
    this.#send(this.#small, request, 0, encoder(this.#small.words));
  }

  /** Sends an error. One the kernel would refuse, which would leave the caller waiting, becomes EIO. */
  error(request: Request, number: number): void {
    const valid = Number.isInteger(number) && number > 0 && number < 512;
    this.#send(this.#small, request, -(valid ? number : errno.EIO), 0);
  }

  /** Sends bytes that lie anywhere. */
  data(request: Request, pieces: readonly Uint8Array[]): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length > this.#large.capacity) {
      this.error(request, errno.EIO);
    } else if (this.#borrower === undefined) {
      this.#copied(this.#large, request, pieces, length);
    } else {
      using buffer = new ReplyBuffer(length);
      this.#copied(buffer, request, pieces, length);
    }
  }

  /** Drops all further replies. */
  close(): void {
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
    this.#large[Symbol.dispose]();
    this.#small[Symbol.dispose]();
    this.#pipe?.[Symbol.dispose]();
  }

  #copied(buffer: ReplyBuffer, request: Request, pieces: readonly Uint8Array[], length: number): void {
    let at = 0;
    for (const piece of pieces) {
      buffer.payload.set(piece, at);
      at += piece.length;
    }
    this.#send(buffer, request, 0, length);
  }

  #send(buffer: ReplyBuffer, request: Request, error: number, length: number): void {
    this.#onSent(request);
    if (this.#closed) return;
    const written = buffer.send(this.#fd, request.uniqueLow, request.uniqueHigh, error, length);
    if (written < 0 && !callerIsGone(-written)) {
      this.#onError(new ErrnoError(-written, "write", `reply to ${opcodeName(request.opcode)}`));
    }
  }
}

// ENOENT: the request was aborted or given up; ENODEV, ECONNABORTED, EPERM: the connection was.
function callerIsGone(number: number): boolean {
  return number === errno.ENOENT || number === errno.ENODEV || number === errno.ECONNABORTED || number === errno.EPERM;
}
