import type { Tid } from "@belay/zodb";

interface Waiter {
  readonly tid: Tid;
  readonly wake: () => void;
}

/** Those who wait until head has reached a moment. */
export class TidWaiters {
  #waiters: Waiter[] = [];

  /** @returns stops waiting, without a call of `wake` */
  wait(tid: Tid, wake: () => void): () => void {
    const waiter = { tid, wake };
    this.#waiters.push(waiter);
    return () => void (this.#waiters = this.#waiters.filter((other) => other !== waiter));
  }

  /** Head is at `tid` now. */
  reached(tid: Tid): void {
    const due = this.#waiters.filter((waiter) => waiter.tid <= tid);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.tid > tid);
    for (const waiter of due) waiter.wake();
  }
}
