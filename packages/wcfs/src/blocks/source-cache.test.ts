import { expect, test } from "vitest";
import { SourceCache } from "./source-cache.ts";
import type { BlockSource } from "./source.ts";
import { holeSource } from "./source.ts";

function sourceOf(weight: number): BlockSource & { weight: number } {
  return { ...holeSource(1n), weight };
}

test("what was not used longest goes first when the budget is spent", () => {
  const cache = new SourceCache(300);
  const [a, b] = [cache.table(), cache.table()];
  a.set(0, sourceOf(100));
  b.set(0, sourceOf(100));
  a.set(1, sourceOf(100));
  a.get(0);
  b.set(7, sourceOf(100));

  expect([a.peek(0), a.peek(1), b.peek(0), b.peek(7)].map((source) => source !== undefined)).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(cache.weight).toBe(300);
});

test("a source that grew is counted with its new weight at the next use", () => {
  const cache = new SourceCache(300);
  const table = cache.table();
  const growing = sourceOf(100);
  table.set(0, sourceOf(100));
  table.set(1, growing);
  growing.weight = 250;
  table.get(1);

  expect(table.peek(0)).toBeUndefined();
  expect(cache.weight).toBe(250);
});

test("one source larger than the budget is kept until the next comes", () => {
  const cache = new SourceCache(10);
  const table = cache.table();
  table.set(0, sourceOf(100));
  expect(table.get(0)).toBeDefined();
  table.set(1, sourceOf(5));
  expect(table.peek(0)).toBeUndefined();
  expect(cache.weight).toBe(5);
});

test("a forgotten or replaced source weighs nothing", () => {
  const cache = new SourceCache(1000);
  const table = cache.table();
  table.set(0, sourceOf(100));
  table.set(0, sourceOf(40));
  expect(cache.weight).toBe(40);
  table.clear();
  expect(cache.weight).toBe(0);
});
