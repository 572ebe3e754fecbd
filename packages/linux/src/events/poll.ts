import { check, libc, orNegatedErrno } from "../ffi/libc.ts";

const pollNative = libc("int poll(void *fds, uint64_t count, int timeout)");

export const POLLIN = 0x001;
export const POLLPRI = 0x002;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;
export const POLLRDHUP = 0x2000;

/** An array of `struct pollfd`, kept for many calls. */
export class PollSet {
  readonly #structs: Int32Array;
  #length: number;

  /** @param capacity  most descriptors it can hold */
  constructor(capacity: number) {
    this.#structs = new Int32Array(2 * capacity);
    this.#length = 0;
  }

  /** Descriptors in the set. */
  get length(): number {
    return this.#length;
  }

  /** The `struct pollfd` array itself. */
  get structs(): Int32Array {
    return this.#structs;
  }

  /** Forgets all descriptors. */
  clear(): void {
    this.#length = 0;
  }

  /** Appends a descriptor; a negative one is never ready. @returns its index. @throws RangeError when full */
  add(fd: number, events: number): number {
    if (2 * this.#length === this.#structs.length) throw new RangeError(`a PollSet of ${this.#length} is full`);
    this.#structs[2 * this.#length] = fd;
    this.#structs[2 * this.#length + 1] = events & 0xffff;
    return this.#length++;
  }

  /** What the last poll found for the descriptor at `index`: POLLERR, POLLHUP and POLLNVAL may be there unasked. */
  revents(index: number): number {
    return (this.#structs[2 * index + 1] ?? 0) >>> 16;
  }
}

/**
 * poll(2). Blocks the calling thread.
 *
 * @param timeout  milliseconds, -1 for ever
 * @returns how many descriptors are ready, 0 when the time is up
 * @throws ErrnoError EINTR included: a signal handler of JavaScript only runs when the thread returns to its event loop
 */
export function poll(set: PollSet, timeout: number): number {
  return check(pollNative(set.structs, set.length, timeout), "poll");
}

/** poll(2) for hot loops: number ready, or -errno. */
export function pollRaw(set: PollSet, timeout: number): number {
  return orNegatedErrno(pollNative(set.structs, set.length, timeout));
}
