import { expect, test } from "vitest";
import { IntervalCache } from "./interval-cache.ts";

test("a state serves the moments from its serial until the next one", () => {
  const cache = new IntervalCache<string>(1000);
  cache.add(1n, { serial: 10n, next: 20n, value: "old", weight: 1 });
  cache.add(1n, { serial: 20n, next: undefined, value: "new", weight: 1 });
  expect([9n, 10n, 19n, 20n, 99n].map((at) => cache.get(1n, at))).toEqual([undefined, "old", "old", "new", "new"]);
});

test("a commit ends the newest state, and only that", () => {
  const cache = new IntervalCache<string>(1000);
  cache.add(1n, { serial: 10n, next: 20n, value: "old", weight: 1 });
  cache.add(1n, { serial: 20n, next: undefined, value: "new", weight: 1 });
  cache.invalidate(30n, [1n, 2n]);
  expect([19n, 29n, 30n].map((at) => cache.get(1n, at))).toEqual(["old", "new", undefined]);
});

test("the budget holds, and the object just added stays", () => {
  const cache = new IntervalCache<number>(100);
  for (let oid = 0n; oid < 50n; oid++) cache.add(oid, { serial: 1n, next: undefined, value: Number(oid), weight: 30 });
  expect(cache.weight).toBeLessThanOrEqual(100);
  expect(cache.get(49n, 5n)).toBe(49);
  expect(cache.get(0n, 5n)).toBeUndefined();
});
