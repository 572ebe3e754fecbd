import { errno } from "@belay/linux";

import type { NotifyReplyRequest } from "../wire/request-session.ts";
import type { NotifyChannel } from "./notify-channel.ts";

// Words of the shared header
const state = 0;
const uniqueLow = 1;
const uniqueHigh = 2;
const length = 3;
const headerWords = 4;

// States
const idle = 0;
const waiting = 1;
const delivered = 2;
const closed = 3;

/**
 * How the pages a RETRIEVE asks for get from the serving thread, which the kernel hands them to, to the worker that
 * asked and waits.
 *
 * The worker makes the inbox and sends {@link shared} to the serving thread, which makes its own object of it and gives
 * that to `FuseServer.addInbox`. One RETRIEVE at a time.
 */
export class RetrieveInbox {
  /** What the two objects share. */
  readonly shared: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #data: Uint8Array;
  #next = 1;

  /** @param shared  bytes that one RETRIEVE may have, or `shared` of the other side's object */
  constructor(shared: number | SharedArrayBuffer = 1 << 20) {
    this.shared = typeof shared === "number" ? new SharedArrayBuffer(4 * headerWords + shared) : shared;
    this.#header = new Int32Array(this.shared, 0, headerWords);
    this.#data = new Uint8Array(this.shared, 4 * headerWords);
  }

  /** Bytes that one RETRIEVE may have. */
  get capacity(): number {
    return this.#data.length;
  }

  /**
   * Worker's side: asks for cached pages and waits for them. What is not in the cache ends the answer early.
   *
   * Other than STORE and INVAL this waits for no page lock, only for the serving thread to take in the answer.
   *
   * @param size  bytes, at most {@link capacity} and the connection's `maxWrite`; the kernel clips them to the file's
   * size
   * @param timeout  milliseconds; afterwards ETIMEDOUT, and a late answer is dropped
   * @returns the bytes, which are overwritten by the next call; or -errno: ENOENT if the kernel does not know the node,
   * ENOTCONN when serving has ended
   */
  retrieve(
    channel: NotifyChannel,
    nodeid: number,
    offset: number,
    size: number,
    timeout = 10_000,
  ): Uint8Array | number {
    const unique = this.#next++;
    this.#header[uniqueLow] = unique;
    this.#header[uniqueHigh] = inboxMark;
    if (Atomics.compareExchange(this.#header, state, idle, waiting) !== idle) return -errno.ENOTCONN;
    const sent = channel.retrieve(unique, inboxMark, nodeid, offset, Math.min(size, this.capacity));
    if (sent === 0) Atomics.wait(this.#header, state, waiting, timeout);
    const outcome = this.#settle();
    if (sent < 0) return sent;
    if (outcome === closed) return -errno.ENOTCONN;
    return outcome === delivered ? this.#data.subarray(0, this.#header[length]) : -errno.ETIMEDOUT;
  }

  /**
   * Serving thread's side: takes in the answer to the RETRIEVE that is waited for.
   *
   * @returns false when it is not for this inbox
   */
  deliver(request: NotifyReplyRequest): boolean {
    const header = this.#header;
    if (request.uniqueHigh !== header[uniqueHigh] || request.uniqueLow !== header[uniqueLow]) return false;
    if (Atomics.load(header, state) !== waiting) return true;
    const bytes = request.data.subarray(0, this.capacity);
    this.#data.set(bytes);
    header[length] = bytes.length;
    Atomics.compareExchange(header, state, waiting, delivered);
    Atomics.notify(header, state);
    return true;
  }

  /** No answers will come any more: whoever waits or asks gets ENOTCONN. */
  close(): void {
    Atomics.store(this.#header, state, closed);
    Atomics.notify(this.#header, state);
  }

  // The next RETRIEVE can be made, unless the inbox was closed.
  #settle(): number {
    const outcome = Atomics.load(this.#header, state);
    if (outcome !== closed) Atomics.compareExchange(this.#header, state, outcome, idle);
    return outcome;
  }
}

/** High half of the numbers of inboxes' RETRIEVEs: tells them from those a server makes itself. */
const inboxMark = 0x42;
