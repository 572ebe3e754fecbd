/** Milliseconds after which what was counted has faded to a third. */
const MEMORY = 200;

/** Commits counted and not faded from which on they are many: 150 a second, if they go on. */
const MANY = 30;

/**
 * Whether commits come so fast that what is done for each has to be little.
 *
 * Counts with a fading memory, so that a few commits at once are no storm, and a storm is over a moment after its last commit.
 */
export class CommitRate {
  #level = 0;
  #at = -Infinity;

  /** Commits were taken in. @param now milliseconds of a clock that only goes forward */
  note(count: number, now: number): void {
    this.#level = this.#faded(now) + count;
    this.#at = now;
  }

  /** Whether there have been many of late. */
  isHigh(now: number): boolean {
    return this.#faded(now) >= MANY;
  }

  #faded(now: number): number {
    return this.#level * Math.exp((this.#at - now) / MEMORY);
  }
}
