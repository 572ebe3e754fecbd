import { requestHeaderSize, type Message } from "./message.ts";

/** What every request has: `struct fuse_in_header`, and whether its caller gave up waiting. */
export class Request {
  readonly opcode: number;
  /** The request's number in two halves: it is given back as it came. */
  readonly uniqueLow: number;
  readonly uniqueHigh: number;
  readonly nodeid: number;
  /** Who asks: ids as the mount's user namespace has them. */
  readonly uid: number;
  readonly gid: number;
  /** The asking thread's process; 0 for the kernel itself and for processes of other pid namespaces. */
  readonly pid: number;
  #interrupted = false;
  #onInterrupt: (() => void) | undefined;

  constructor(message: Message) {
    this.opcode = message.uint32(4);
    this.uniqueLow = message.uint32(8);
    this.uniqueHigh = message.uint32(12);
    this.nodeid = message.uint64(16);
    this.uid = message.uint32(24);
    this.gid = message.uint32(28);
    this.pid = message.uint32(32);
  }

  /** The request's number as one value, exact below 2^53. */
  get unique(): number {
    return (this.uniqueHigh & 0x7fff_ffff) * 0x1_0000_0000 + this.uniqueLow;
  }

  /** The kernel has sent this request before (NOTIFY_RESEND): it may have been carried out already. */
  get resent(): boolean {
    return this.uniqueHigh >>> 31 === 1;
  }

  /**
   * A signal reached the caller, or the connection ended. The request must be answered all the same, usually with
   * EINTR.
   */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /**
   * Called once when the request is interrupted, on the serving thread; at once if it already is. Not called any more
   * after the request was answered. Only one callback is kept.
   */
  set onInterrupt(callback: (() => void) | undefined) {
    this.#onInterrupt = callback;
    if (this.#interrupted) this.#callBack();
  }

  get onInterrupt(): (() => void) | undefined {
    return this.#onInterrupt;
  }

  /** @internal Called by the server. */
  interrupt(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#callBack();
  }

  #callBack(): void {
    const callback = this.#onInterrupt;
    this.#onInterrupt = undefined;
    callback?.();
  }
}

/** Where the arguments of a request begin. */
export const argumentsStart = requestHeaderSize;
