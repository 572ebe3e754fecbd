/** Lets some pieces of work go on at the same time, and has the others wait. */
export class Slots {
  readonly #most: number;
  readonly #busy = new Set<Promise<void>>();

  constructor(most: number) {
    this.#most = Math.max(most, 1);
  }

  /**
   * Does all of them, as many at once as may be, also together with what others do here.
   *
   * @throws the first error, when the work that had begun is over; what had not begun then does not begin
   */
  async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const begun: Promise<void>[] = [];
    const failures: unknown[] = [];
    for (const item of items) {
      while (this.#busy.size >= this.#most) await Promise.race(this.#busy);
      if (failures.length > 0) break;
      const done = work(item);
      const over = done.catch((error: unknown) => void failures.push(error)).finally(() => this.#busy.delete(over));
      this.#busy.add(over);
      begun.push(done);
    }
    await Promise.allSettled(begun);
    if (failures.length > 0) throw failures[0];
  }
}
