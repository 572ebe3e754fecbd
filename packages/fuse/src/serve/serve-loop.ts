import { setImmediate } from "node:timers/promises";

import { close, errno, ErrnoError, eventfd, eventfdSignal, eventfdTake, POLLIN, pollRaw, PollSet } from "@belay/linux";

import { Timers, type LoopTimer } from "./timers.ts";

/** What a loop serves: it is asked over and over while there is something to do, and polled when there is not. */
export interface LoopSource {
  /** Polled for reading. */
  readonly fd: number;
  /** Nothing will come any more. */
  readonly ended: boolean;
  /** Does one piece of work. @returns false when there was none */
  step(): boolean;
}

/** A descriptor in the loop. */
export interface Watch extends Disposable {
  /** Takes it out; the descriptor stays open. */
  stop(): void;
}

/** How a loop behaves. */
export interface ServeLoopOptions {
  /** Microseconds to go on asking a source after its last work before the thread sleeps in poll(2); default 20. */
  readonly spin?: number;
  /** Milliseconds the thread sleeps at most before Node's event loop gets a turn; default 200. */
  readonly idle?: number;
  /** Milliseconds of uninterrupted work before Node's event loop gets a turn; default 50. */
  readonly turn?: number;
  /** Told of exceptions in callbacks of watches and timers, which the loop survives; default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

interface Watched {
  readonly fd: number;
  readonly events: number;
  readonly callback: (revents: number) => void;
}

/** Requests served before other descriptors and timers are looked at. */
const burst = 64;

/** Milliseconds the thread sleeps at most while Node's event loop has something to do for us. */
const asyncPoll = 1;

/**
 * The loop of a thread that serves a FUSE connection: it blocks in the kernel, not in Node's event loop.
 *
 * Between requests it looks at other descriptors ({@link watch}), at timers ({@link after}), and every now and then
 * lets Node's event loop have a turn, so that ports, promises and streams move on: at least every 200 ms, and after
 * every request while there is work that waits for it ({@link track}). Other threads reach it at once through `wakeFd`.
 */
export class ServeLoop implements Disposable {
  /** An eventfd: `eventfdSignal(wakeFd)` from any thread ends the sleep and runs the callbacks of {@link onWake}. */
  readonly wakeFd = eventfd();
  readonly #spin: number;
  readonly #idle: number;
  readonly #turn: number;
  readonly #onError: (error: unknown) => void;
  readonly #sources = new Set<LoopSource>();
  readonly #watched = new Set<Watched>();
  readonly #wakeCallbacks = new Set<() => void>();
  readonly #timers = new Timers();
  // Read with a builtin on every round: a loop of native calls alone would not notice that its thread is told to end.
  readonly #pulse = new Int32Array(new SharedArrayBuffer(4));
  #pollSet = new PollSet(0);
  #polled: Watched[] = [];
  #pollChanged = true;
  #pendingAsync = 0;
  #stopped = false;
  #running = false;

  constructor(options: ServeLoopOptions = {}) {
    this.#spin = (options.spin ?? 20) / 1000;
    this.#idle = options.idle ?? 200;
    this.#turn = options.turn ?? 50;
    this.#onError = options.onError ?? ((error) => process.emitWarning(toError(error)));
    this.watch(this.wakeFd, () => this.#woken());
  }

  /** Calls back when a descriptor is ready, for as long as it is. @param events  POLLIN and the like */
  watch(fd: number, callback: (revents: number) => void, events = POLLIN): Watch {
    const watched: Watched = { fd, events, callback };
    this.#watched.add(watched);
    this.#pollChanged = true;
    const stop = () => {
      this.#watched.delete(watched);
      this.#pollChanged = true;
    };
    return { stop, [Symbol.dispose]: stop };
  }

  /** Calls back once, not before so many milliseconds have passed. */
  after(milliseconds: number, callback: () => void): LoopTimer {
    return this.#timers.add(performance.now() + milliseconds, callback);
  }

  /** Calls back on this thread after each {@link wake}; several wakes may become one. */
  onWake(callback: () => void): Watch {
    this.#wakeCallbacks.add(callback);
    const stop = () => void this.#wakeCallbacks.delete(callback);
    return { stop, [Symbol.dispose]: stop };
  }

  /** Ends the sleep of the loop. Other threads, which do not have this object, signal {@link wakeFd}. */
  wake(): void {
    eventfdSignal(this.wakeFd);
  }

  /**
   * While the promise is pending Node's event loop gets a turn after every request and every millisecond. Its failure
   * is not looked at.
   */
  track(promise: Promise<unknown>): void {
    this.#pendingAsync++;
    const settled = () => {
      this.#pendingAsync--;
    };
    promise.then(settled, settled);
  }

  /** Promises being tracked. */
  get pendingAsync(): number {
    return this.#pendingAsync;
  }

  /** Adds something to serve. {@link run} goes on until all that was added has ended. */
  add(source: LoopSource): void {
    this.#sources.add(source);
    this.#pollChanged = true;
  }

  /** Takes a source out without waiting for its end. */
  remove(source: LoopSource): void {
    this.#sources.delete(source);
    this.#pollChanged = true;
  }

  /** Makes {@link run} return after the present step. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Serves until all sources have ended or {@link stop} is called. Blocks the thread most of the time.
   *
   * @throws ErrnoError when poll(2) fails
   */
  async run(): Promise<void> {
    if (this.#running) throw new Error("the loop is running already");
    this.#running = true;
    this.#stopped = false;
    try {
      while (this.#live()) {
        this.#takeTurn();
        await setImmediate();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Closes {@link wakeFd}; the loop cannot be used afterwards. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#watched.clear();
    close(this.wakeFd);
  }

  #live(): boolean {
    return !this.#stopped && this.#sources.size > 0;
  }

  // One turn of this thread between two turns of Node's event loop.
  #takeTurn(): void {
    const started = performance.now();
    while (this.#live()) {
      Atomics.load(this.#pulse, 0);
      const busy = this.#serve();
      this.#runTimers();
      if (!this.#live()) return;
      const ready = this.#poll(busy ? 0 : this.#pollTimeout());
      const idle = !busy && !ready;
      if (idle || this.#pendingAsync > 0 || performance.now() - started > this.#turn) return;
    }
  }

  // Serves until there was nothing to do for a while. Returns true when it stopped for another reason.
  #serve(): boolean {
    for (const source of this.#sources) {
      if (this.#serveOne(source)) return true;
    }
    return false;
  }

  #serveOne(source: LoopSource): boolean {
    let served = 0;
    let idleSince = 0;
    for (;;) {
      if (source.step()) {
        if (++served >= burst || this.#pendingAsync > 0) return true;
        idleSince = 0;
      } else if (source.ended) {
        this.remove(source);
        return false;
      } else {
        const now = performance.now();
        if (idleSince === 0) idleSince = now;
        else if (now - idleSince >= this.#spin) return false;
        if (served === 0 && this.#pendingAsync > 0) return false;
      }
    }
  }

  #runTimers(): void {
    const now = performance.now();
    for (let due = this.#timers.takeDue(now); due; due = this.#timers.takeDue(now)) this.#guard(due);
  }

  #pollTimeout(): number {
    const limit = this.#pendingAsync > 0 ? asyncPoll : this.#idle;
    const untilTimer = Math.ceil(this.#timers.next - performance.now());
    return Math.max(0, Math.min(limit, untilTimer));
  }

  // Looks at all descriptors and calls back for those watched. Returns whether anything was ready.
  #poll(timeout: number): boolean {
    if (this.#pollChanged) this.#rebuildPollSet();
    const set = this.#pollSet;
    const ready = pollRaw(set, timeout);
    if (ready === -errno.EINTR) return false;
    if (ready < 0) throw new ErrnoError(-ready, "poll");
    if (ready === 0) return false;
    const first = set.length - this.#polled.length;
    this.#polled.forEach((watched, index) => {
      const revents = set.revents(first + index);
      if (revents !== 0 && this.#watched.has(watched)) this.#guard(() => watched.callback(revents));
    });
    return true;
  }

  #rebuildPollSet(): void {
    this.#pollChanged = false;
    this.#polled = [...this.#watched];
    const set = new PollSet(this.#sources.size + this.#polled.length);
    for (const source of this.#sources) set.add(source.fd, POLLIN);
    for (const watched of this.#polled) set.add(watched.fd, watched.events);
    this.#pollSet = set;
  }

  #woken(): void {
    eventfdTake(this.wakeFd);
    for (const callback of this.#wakeCallbacks) this.#guard(callback);
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#onError(error);
    }
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
