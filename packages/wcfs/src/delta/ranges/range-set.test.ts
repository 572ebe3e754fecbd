import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyRange } from "../changes.ts";
import { ALL_KEYS } from "./key-range.ts";
import { RangeSet } from "./range-set.ts";

// Ends between 0 and 12 or infinite; the model is the plain set of the keys -1..13, of which -1 and 13 stand for "beyond".
const KEYS = Array.from({ length: 15 }, (_, i) => i - 1);
const range: fc.Arbitrary<KeyRange> = fc.record({
  lo: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(-Infinity)),
  hi: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(Infinity)),
});
const ranges = fc.array(range, { maxLength: 8 });

function keysOf(set: RangeSet): number[] {
  return KEYS.filter((key) => set.has(key));
}

function keysIn(all: readonly KeyRange[]): number[] {
  return KEYS.filter((key) => all.some(({ lo, hi }) => lo <= key && key < hi));
}

function expectCanonical(set: RangeSet): void {
  const list = set.ranges();
  for (const { lo, hi } of list) expect(lo).toBeLessThan(hi);
  for (let i = 1; i < list.length; i++) expect(list[i - 1]?.hi).toBeLessThan(list[i]?.lo ?? NaN);
}

describe("a range set", () => {
  test("joins intervals that touch and keeps those apart that do not", () => {
    const set = new RangeSet([
      { lo: 1, hi: 3 },
      { lo: 5, hi: 7 },
      { lo: 3, hi: 4 },
    ]);
    expect(set.toString()).toBe("[1,4) [5,7)");
    set.add({ lo: 4, hi: 5 });
    expect(set.toString()).toBe("[1,7)");
  });

  test("splits an interval when its middle is removed", () => {
    const set = new RangeSet([ALL_KEYS]);
    set.remove({ lo: 2, hi: 4 });
    expect(set.toString()).toBe("[-oo,2) [4,oo)");
    set.remove(ALL_KEYS);
    expect(set.isEmpty).toBe(true);
  });

  test("ignores empty intervals", () => {
    const set = new RangeSet([{ lo: 4, hi: 4 }]);
    expect(set.isEmpty).toBe(true);
    expect(set.hasRange({ lo: 4, hi: 4 })).toBe(true);
    expect(set.intersects({ lo: 4, hi: 4 })).toBe(false);
  });

  test("holds what was added and not removed since, in canonical form", () => {
    const step = fc.record({ add: fc.boolean(), range });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const set = new RangeSet();
        const model = new Set<number>();
        for (const { add, range: r } of steps) {
          if (add) set.add(r);
          else set.remove(r);
          for (const key of keysIn([r])) {
            if (add) model.add(key);
            else model.delete(key);
          }
        }
        expectCanonical(set);
        expect(keysOf(set)).toEqual(KEYS.filter((key) => model.has(key)));
      }),
    );
  });

  test("union, difference and intersection are those of plain sets, and leave their operands alone", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [A, B] = [new RangeSet(a), new RangeSet(b)];
        const [inA, inB] = [keysIn(a), keysIn(b)];
        for (const set of [A.union(B), A.difference(B), A.intersection(B)]) expectCanonical(set);
        expect(keysOf(A.union(B))).toEqual(KEYS.filter((key) => inA.includes(key) || inB.includes(key)));
        expect(keysOf(A.difference(B))).toEqual(inA.filter((key) => !inB.includes(key)));
        expect(keysOf(A.intersection(B))).toEqual(inA.filter((key) => inB.includes(key)));
        expect([keysOf(A), keysOf(B)]).toEqual([inA, inB]);
      }),
    );
  });

  test("hasRange and intersects agree with the keys", () => {
    fc.assert(
      fc.property(ranges, range, (list, r) => {
        const set = new RangeSet(list);
        const asked = keysIn([r]);
        expect(set.hasRange(r)).toBe(asked.every((key) => set.has(key)));
        expect(set.intersects(r)).toBe(asked.some((key) => set.has(key)));
      }),
    );
  });

  test("two sets are equal when they hold the same keys, however they were made", () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const forward = new RangeSet(list);
        const backward = new RangeSet([...list].reverse());
        expect(forward.equals(backward)).toBe(true);
        backward.add({ lo: 100, hi: 101 });
        expect(forward.equals(backward)).toBe(forward.has(100));
      }),
    );
  });
});
