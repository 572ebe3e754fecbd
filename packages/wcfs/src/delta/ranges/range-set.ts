import type { KeyRange } from "../changes.ts";
import { isEmptyRange } from "./key-range.ts";

/**
 * A set of block numbers as disjoint intervals, ascending; neighbours that touch are one interval.
 *
 * Looking up is O(log n); adding and removing also move the intervals behind, which for the 10^5 intervals of a large file is a memory move
 * of some microseconds.
 */
export class RangeSet {
  // The ends of interval i: [#lo[i], #hi[i]).
  readonly #lo: number[] = [];
  readonly #hi: number[] = [];

  constructor(ranges: Iterable<KeyRange> = []) {
    for (const range of ranges) this.add(range);
  }

  get isEmpty(): boolean {
    return this.#lo.length === 0;
  }

  /** The intervals, ascending; a copy. */
  ranges(): KeyRange[] {
    return this.#lo.map((lo, i) => ({ lo, hi: this.#hi[i] ?? lo }));
  }

  has(key: number): boolean {
    const i = firstAbove(this.#hi, key);
    return i < this.#lo.length && at(this.#lo, i) <= key;
  }

  /** Whether the whole interval is in the set. */
  hasRange(range: KeyRange): boolean {
    if (isEmptyRange(range)) return true;
    const i = firstAbove(this.#hi, range.lo);
    return i < this.#lo.length && at(this.#lo, i) <= range.lo && range.hi <= at(this.#hi, i);
  }

  /** Whether some key of the interval is in the set. */
  intersects(range: KeyRange): boolean {
    if (isEmptyRange(range)) return false;
    const i = firstAbove(this.#hi, range.lo);
    return i < this.#lo.length && at(this.#lo, i) < range.hi;
  }

  add(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    // Everything that overlaps or touches melts into one: intervals i ≤ n < j.
    const i = firstAtLeast(this.#hi, range.lo);
    const j = firstAbove(this.#lo, range.hi);
    const lo = i < j ? Math.min(range.lo, at(this.#lo, i)) : range.lo;
    const hi = i < j ? Math.max(range.hi, at(this.#hi, j - 1)) : range.hi;
    this.#replace(i, j, [{ lo, hi }]);
  }

  remove(range: KeyRange): void {
    if (isEmptyRange(range)) return;
    const i = firstAbove(this.#hi, range.lo);
    const j = firstAtLeast(this.#lo, range.hi);
    if (i >= j) return;
    const left = { lo: at(this.#lo, i), hi: range.lo };
    const right = { lo: range.hi, hi: at(this.#hi, j - 1) };
    this.#replace(
      i,
      j,
      [left, right].filter((rest) => !isEmptyRange(rest)),
    );
  }

  addAll(other: RangeSet): void {
    for (const range of other.ranges()) this.add(range);
  }

  clone(): RangeSet {
    return new RangeSet(this.ranges());
  }

  clear(): void {
    this.#replace(0, this.#lo.length, []);
  }

  union(other: RangeSet): RangeSet {
    const result = this.clone();
    result.addAll(other);
    return result;
  }

  difference(other: RangeSet): RangeSet {
    const result = this.clone();
    for (const range of other.ranges()) result.remove(range);
    return result;
  }

  intersection(other: RangeSet): RangeSet {
    return this.difference(this.difference(other));
  }

  equals(other: RangeSet): boolean {
    const same = (a: number[], b: number[]): boolean => a.length === b.length && a.every((value, i) => value === b[i]);
    return same(this.#lo, other.#lo) && same(this.#hi, other.#hi);
  }

  /** `[1,3) [7,oo)`, for messages and tests. */
  toString(): string {
    const text = (end: number): string => (Number.isFinite(end) ? String(end) : end < 0 ? "-oo" : "oo");
    return this.ranges()
      .map(({ lo, hi }) => `[${text(lo)},${text(hi)})`)
      .join(" ");
  }

  #replace(i: number, j: number, ranges: readonly KeyRange[]): void {
    this.#lo.splice(i, j - i, ...ranges.map((range) => range.lo));
    this.#hi.splice(i, j - i, ...ranges.map((range) => range.hi));
  }
}

function at(values: readonly number[], i: number): number {
  return values[i] ?? NaN;
}

/** Index of the first value > key. */
function firstAbove(values: readonly number[], key: number): number {
  let lo = 0;
  let hi = values.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (at(values, mid) <= key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Index of the first value ≥ key. */
function firstAtLeast(values: readonly number[], key: number): number {
  let lo = 0;
  let hi = values.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (at(values, mid) < key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
