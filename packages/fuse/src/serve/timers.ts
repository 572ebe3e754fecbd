/** A timer that can be taken back. */
export interface LoopTimer extends Disposable {
  /** Does nothing if it ran already. */
  cancel(): void;
}

class Timer implements LoopTimer {
  readonly due: number;
  callback: (() => void) | undefined;

  constructor(due: number, callback: () => void) {
    this.due = due;
    this.callback = callback;
  }

  cancel(): void {
    this.callback = undefined;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

/** Timers of one thread, a binary heap by due time. Taken-back timers stay in it until they would have been due. */
export class Timers {
  readonly #heap: Timer[] = [];

  /** @param due  on the clock of performance.now() */
  add(due: number, callback: () => void): LoopTimer {
    const timer = new Timer(due, callback);
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.due <= due) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
    return timer;
  }

  /** When the first timer is due; Infinity without any. */
  get next(): number {
    while (this.#heap[0]?.callback === undefined && this.#heap.length > 0) this.#removeFirst();
    return this.#heap[0]?.due ?? Infinity;
  }

  /** Takes one callback that is due at `now`. Timers added by callbacks with no delay wait for the next time. */
  takeDue(now: number): (() => void) | undefined {
    if (this.next > now) return undefined;
    const callback = this.#heap[0]?.callback;
    this.#removeFirst();
    return callback;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const smaller = (heap[right]?.due ?? Infinity) < (heap[left]?.due ?? Infinity) ? right : left;
      const child = heap[smaller];
      if (!child || child.due >= last.due) break;
      heap[at] = child;
      at = smaller;
    }
    heap[at] = last;
  }
}
