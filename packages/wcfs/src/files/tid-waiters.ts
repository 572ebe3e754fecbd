import type { Tid } from "@belay/zodb";

interface Waiter {
  readonly tid: Tid;
  readonly wake: () => void;
}

/** Those who wait until head has reached a moment. */
export class TidWaiters {
  readonly #waiters = new Set<Waiter>();

  /** @returns stops waiting, without a call of `wake` */
  wait(tid: Tid, wake: () => void): () => void {
    const waiter = { tid, wake };
    this.#waiters.add(waiter);
    return () => void this.#waiters.delete(waiter);
  }

  /** Head is at `tid` now. */
  reached(tid: Tid): void {
    for (const waiter of [...this.#waiters]) {
      // One may have been given up by another that was woken.
      if (waiter.tid <= tid && this.#waiters.delete(waiter)) waiter.wake();
    }
  }
}
