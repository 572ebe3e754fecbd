/**
 * Calls back when a number of things are done: `const done = barrier.one()` for each of them, then `barrier.close()`.
 *
 * The call comes from the last `done`, or from `close` when nothing was to be waited for.
 */
export class Barrier {
  readonly #then: () => void;
  #open = 1;

  constructor(then: () => void) {
    this.#then = then;
  }

  /** One more thing to wait for. @returns what says that it is done; further calls of it do nothing */
  one(): () => void {
    this.#open++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#less();
    };
  }

  /** There is nothing more to add. */
  close(): void {
    this.#less();
  }

  #less(): void {
    if (--this.#open === 0) this.#then();
  }
}
