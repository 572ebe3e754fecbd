import { comparePositions, type Position } from "../journal/position.ts";
import type { Parts } from "./parts.ts";

/** How long the source has to be at rest, in milliseconds: an agent that is about to end is not asked for anything in its last moment. */
const leastRestMs = 1000;

/**
 * Whether the destination may suspect what is unknown to it, as batches were cut off before this worker or in its time. It is told when nothing is left to
 * be told, see `Secondary.told`.
 */
export class Suspicion {
  readonly #parts: Pick<Parts, "feed" | "secondary">;
  #isThere = true;
  #rest: { readonly position: Position; readonly since: number } | undefined;

  constructor(parts: Pick<Parts, "feed" | "secondary">) {
    this.#parts = parts;
  }

  /** A batch was cut off. */
  arise(): void {
    this.#isThere = true;
  }

  /**
   * To be called when nothing is left to be done.
   *
   * @param position  everything before it is at the destination
   * @param isStill  tells whether that is so still
   * @returns milliseconds until it is to be called again, should nothing happen before
   */
  noteRest(position: Position, isStill: () => boolean): number {
    if (!this.#isThere) return Infinity;
    const now = performance.now();
    if (this.#rest === undefined || comparePositions(this.#rest.position, position) !== 0)
      this.#rest = { position, since: now };
    const left = this.#rest.since + leastRestMs - now;
    if (left > 0) return left;
    this.#isThere = false;
    this.#tell(position, isStill).catch(() => this.arise()); // the next time
    return Infinity;
  }

  // What was in a directory that had gone when it was looked at is told of with that directory, whose change may still be on its way here.
  async #tell(position: Position, isStill: () => boolean): Promise<void> {
    const { feed, secondary } = this.#parts;
    const end = await feed.drain();
    if (comparePositions(end, position) === 0 && isStill()) await secondary.told();
    else this.arise();
  }
}
