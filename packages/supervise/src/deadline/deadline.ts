import { BelayError } from "../errors/belay-error.ts";
import { onAbort } from "./on-abort.ts";
import { maxTimerMs } from "./sleep.ts";

/** What a deadline is made of besides its length. */
export interface DeadlineOptions {
  /** Ends the deadline early, with its own reason. */
  readonly signal?: AbortSignal | undefined;
  /** What was being done, for the message: `WHAT: timed out after 25 s`. */
  readonly what?: string;
}

/**
 * A point in time that several steps share, as an AbortSignal.
 *
 * The signal aborts with `ETIMEDOUT` when the time is over, or with the parent's reason when that comes first. The timer
 * does not keep the process alive. Dispose it (`using`) when the work is done.
 */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  /** Length in milliseconds as given; Infinity for none. */
  readonly totalMs: number;
  readonly #end: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #following: Disposable;
  readonly #options: DeadlineOptions;

  private constructor(totalMs: number, options: DeadlineOptions) {
    const controller = new AbortController();
    const parent = options.signal;
    this.#following = onAbort(parent, () => controller.abort(parent?.reason));
    this.signal = controller.signal;
    this.totalMs = totalMs;
    this.#options = options;
    this.#end = performance.now() + totalMs;
    if (Number.isFinite(totalMs)) {
      const expire = () => controller.abort(timedOut(totalMs, options.what));
      this.#timer = setTimeout(expire, Math.min(Math.max(totalMs, 0), maxTimerMs)).unref();
    }
  }

  /** A deadline `ms` milliseconds from now; never later than `options.signal`. */
  static after(ms: number, options: DeadlineOptions = {}): Deadline {
    return new Deadline(ms, options);
  }

  /** No limit of its own: ends when the signal does, or never. */
  static none(signal?: AbortSignal): Deadline {
    return new Deadline(Infinity, { signal });
  }

  /** Milliseconds left; 0 when over (or aborted), Infinity without limit. */
  get remainingMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#end - performance.now());
  }

  get expired(): boolean {
    return this.remainingMs === 0;
  }

  /** A deadline of its own length that is over no later than this one. */
  within(ms: number, what?: string): Deadline {
    return new Deadline(Math.min(ms, this.remainingMs), this.#child(what));
  }

  /** `within` by a share of this deadline's whole length: `fraction(0.2)` of 25 s is 5 s. */
  fraction(share: number, what?: string): Deadline {
    return this.within(this.totalMs * share, what);
  }

  /** Stops the timer. The signal stays as it is. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#following[Symbol.dispose]();
  }

  #child(what: string | undefined): DeadlineOptions {
    const name = what ?? this.#options.what;
    return name === undefined ? { signal: this.signal } : { signal: this.signal, what: name };
  }
}

function timedOut(ms: number, what: string | undefined): BelayError {
  const seconds = Math.round(ms / 100) / 10;
  return new BelayError("ETIMEDOUT", `${what === undefined ? "" : `${what}: `}timed out after ${seconds} s`, {
    timedOut: true,
  });
}
