/**
 * Lets many in at once, or one alone, in the order they come.
 *
 * Whoever is inside must not wait for somebody to get in.
 */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>();
  #lastAlone: Promise<unknown> = Promise.resolve();

  /** Runs together with others. */
  together<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#lastAlone.then(run);
    this.#track(running);
    return running;
  }

  /** Runs when everybody who came before has left; who comes later waits. */
  alone<T>(run: () => Promise<T>): Promise<T> {
    const before = Promise.allSettled([this.#lastAlone, ...this.#inside]);
    const running = before.then(run);
    this.#lastAlone = running.catch(() => undefined);
    return running;
  }

  #track(running: Promise<unknown>): void {
    const leave = () => void this.#inside.delete(running);
    this.#inside.add(running);
    running.then(leave, leave);
  }
}
