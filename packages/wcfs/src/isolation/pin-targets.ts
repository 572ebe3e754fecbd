import type { Oid, Tid } from "@belay/zodb";
import type { PinTarget } from "./texts.ts";
import type { Watch } from "./watch.ts";
import type { IsolationWorld } from "./world.ts";

/** Says which revision of a block a client has to see. Never fails: what the history cannot tell is taken for changed. */
export class PinTargets {
  readonly #history: IsolationWorld["history"];
  readonly #watchesOf: (oid: Oid) => Iterable<Watch>;

  constructor(history: IsolationWorld["history"], watchesOf: (oid: Oid) => Iterable<Watch>) {
    this.#history = history;
    this.#watchesOf = watchesOf;
  }

  /** When the block got the content it has under head. */
  changedAt(oid: Oid, blk: number): Tid {
    const { head } = this.#history;
    try {
      return this.#history.blkRevAt(oid, blk, head).rev;
    } catch {
      return head;
    }
  }

  /** What the client has to map: the block's revision of the watch's moment, or head if it did not change since. */
  target(watch: Watch, blk: number): PinTarget {
    return this.changedAt(watch.oid, blk) > watch.at ? this.revision(watch, blk) : "head";
  }

  /**
   * The revision a block has at the watch's moment.
   *
   * The history may only know that it lies at or before the tail, which moves. A pin that somebody holds since the tail was elsewhere is as
   * good then: nothing changed in (its revision, that watch's moment], and the tail is never behind a watch. It is preferred: clients with
   * the same revision share what is cached of it.
   */
  revision(watch: Watch, blk: number): Tid {
    const known = this.#known(watch, blk);
    if (known > this.#history.tail) return known;
    // Not of a busy block: that one may be from before the watch moved, and the tail may have followed.
    const own = watch.settledPin(blk);
    if (own !== undefined && own < known) return own;
    let oldest = known;
    for (const other of this.#watchesOf(watch.oid)) {
      const theirs = other.settledPin(blk);
      if (theirs !== undefined && theirs < oldest) oldest = theirs;
    }
    return oldest;
  }

  // The watch's own moment is always right; but no other client would be likely to pin to the same.
  #known(watch: Watch, blk: number): Tid {
    try {
      return this.#history.blkRevAt(watch.oid, blk, watch.at).rev;
    } catch {
      return watch.at;
    }
  }
}
