import type { KeyRange } from "../changes.ts";

/** All block numbers. */
export const ALL_KEYS: KeyRange = { lo: -Infinity, hi: Infinity };

/** Whether the interval holds no key. */
export function isEmptyRange(range: KeyRange): boolean {
  return range.lo >= range.hi;
}

/** Whether both are the same interval. */
export function sameRange(a: KeyRange, b: KeyRange): boolean {
  return a.lo === b.lo && a.hi === b.hi;
}

/** Whether all of `inner` lies in `outer`. */
export function containsRange(outer: KeyRange, inner: KeyRange): boolean {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

/** Whether the key lies in the interval. */
export function inRange(key: number, range: KeyRange): boolean {
  return range.lo <= key && key < range.hi;
}
