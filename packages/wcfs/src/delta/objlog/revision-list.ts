import type { Tid } from "@belay/zodb";

/**
 * Entries in the order of their revisions, added at the end and dropped from the start, both in O(1) on average, found in O(log n).
 *
 * Entries are values: they are replaced, never modified, and what `between` handed out stays as it was.
 */
export class RevisionList<T extends { readonly rev: Tid }> {
  #entries: T[] = [];
  #start = 0;

  get length(): number {
    return this.#entries.length - this.#start;
  }

  /** Adds an entry newer than all others. */
  push(entry: T): void {
    this.#entries.push(entry);
  }

  /** The newest entry with rev ≤ at. */
  atMost(at: Tid): T | undefined {
    const i = this.#indexAtMost(at);
    return i < this.#start ? undefined : this.#entries[i];
  }

  /** The oldest entry with rev > at. */
  above(at: Tid): T | undefined {
    return this.#entries[this.#indexAtMost(at) + 1];
  }

  /** The entries in (lo, hi], oldest first; a copy. */
  between(lo: Tid, hi: Tid): readonly T[] {
    return this.#entries.slice(this.#indexAtMost(lo) + 1, this.#indexAtMost(hi) + 1);
  }

  /** Puts an entry in its place, instead of the one of the same revision if there is one. */
  set(entry: T): void {
    const i = this.#indexAtMost(entry.rev);
    const replaced = i >= this.#start && this.#entries[i]?.rev === entry.rev;
    if (replaced) this.#entries[i] = entry;
    else this.#entries.splice(i + 1, 0, entry);
  }

  /** Removes the entries ≤ cut and returns them, oldest first. */
  dropThrough(cut: Tid): T[] {
    const end = this.#indexAtMost(cut) + 1;
    const dropped = this.#entries.slice(this.#start, end);
    this.#start = end;
    if (this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    return dropped;
  }

  #indexAtMost(at: Tid): number {
    const revAt = (i: number): Tid => this.#entries[this.#start + i]?.rev ?? 0n;
    return this.#start + lastAtMost(this.length, revAt, at);
  }
}

/** The last index whose revision is ≤ at, -1 when there is none; revisions ascend. */
export function lastAtMost(length: number, revAt: (index: number) => Tid, at: Tid): number {
  let lo = 0;
  let hi = length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (revAt(mid) <= at) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}
