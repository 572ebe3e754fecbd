import { BelayError } from "../errors/belay-error.ts";
import { onAbort } from "./on-abort.ts";

/**
 * Tasks that live and end together (structured concurrency).
 *
 * The first failure aborts the signal the others got; `join` waits for all of them, then throws that first failure.
 * Leaving the scope (`await using`) cancels what still runs and waits for it.
 */
export class TaskGroup implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #following: Disposable;
  #failure: { error: unknown } | undefined;

  constructor(signal?: AbortSignal) {
    this.#following = onAbort(signal, () => this.cancel(signal?.reason));
  }

  /** Aborts when a task fails, on `cancel`, and with the signal the group was made with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts a task. Its failure is `join`'s; the promise returned need not be awaited. */
  start<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = (async () => {
      this.signal.throwIfAborted();
      return task(this.signal);
    })();
    const watched = running.catch((error: unknown) => this.#failed(error)).finally(() => this.#tasks.delete(watched));
    this.#tasks.add(watched);
    return running;
  }

  /** Tells every task to end; not an error by itself. */
  cancel(reason: unknown = new BelayError("ECANCELED", "canceled", { isCanceled: true })): void {
    this.#controller.abort(reason);
  }

  /** Waits until no task runs, also those started meanwhile. @throws the first failure that was no mere echo of a cancel */
  async join(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#following[Symbol.dispose]();
    if (this.#failure) throw this.#failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#following[Symbol.dispose]();
  }

  // A task that ends with the reason of the abort only tells that it obeyed.
  #failed(error: unknown): void {
    const isEcho = this.signal.aborted && error === this.signal.reason;
    if (!isEcho) this.#failure ??= { error };
    this.cancel(error);
  }
}
