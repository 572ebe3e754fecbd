import fc from "fast-check";
import { expect, test } from "vitest";
import { BTree } from "./btree.ts";
import { checkBTree } from "./check.ts";
import { IO, OO } from "./flavour.ts";
import type { Flavour } from "./flavour.ts";

const SMALL: Flavour<number> = { ...IO, maxLeaf: 3, maxInternal: 3 };
const operations = fc.array(fc.record({ key: fc.integer({ min: 0, max: 60 }), remove: fc.boolean() }), {
  maxLength: 300,
});

test("a tree holds what a sorted map would", () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: -5, max: 65 }), fc.integer({ min: -5, max: 65 }), (all, from, to) => {
      const [tree, map] = [new BTree(SMALL), new Map<number, number>()];
      for (const [i, { key, remove }] of all.entries()) {
        if (remove) expect(tree.delete(key)).toBe(map.delete(key));
        else expect(tree.set(key, i)).toBe(!map.has(key) && map.set(key, i).size > 0);
        if (!remove) map.set(key, i);
      }
      const sorted = [...map].sort(([a], [b]) => a - b);
      expect([...tree]).toEqual(sorted);
      expect([...tree.entries(from, to)]).toEqual(sorted.filter(([key]) => key >= from && key <= to));
      expect([tree.minKey(), tree.maxKey(), tree.size()]).toEqual([sorted.at(0)?.[0], sorted.at(-1)?.[0], map.size]);
      for (let key = 0; key <= 60; key++) expect([tree.has(key), tree.get(key)]).toEqual([map.has(key), map.get(key)]);
      expect(checkBTree(tree)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("a set holds keys alone", () => {
  const tree = new BTree({ ...SMALL, set: true });
  for (const key of [5, 1, 9, 1, 7, 3]) tree.add(key);
  expect([...tree]).toEqual([1, 3, 5, 7, 9].map((key) => [key, null]));
  expect(tree.has(9) && tree.delete(9) && !tree.has(9)).toBe(true);
  expect(checkBTree(tree)).toEqual([]);
});

test("text keys order by code point", () => {
  const tree = new BTree(OO);
  for (const key of ["\u{1f600}", "\uffff", "a", "\u00e9", null]) tree.set(key, 1);
  expect([...tree].map(([key]) => key)).toEqual([null, "a", "\u00e9", "\uffff", "\u{1f600}"]);
});

test("keys that are out of range are refused", () => {
  expect(() => new BTree(IO).set(2 ** 31, null)).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
});

test("a cleared tree is empty", () => {
  const tree = new BTree(SMALL);
  for (let key = 0; key < 50; key++) tree.set(key, key);
  tree.clear();
  expect([[...tree], tree.minKey(), tree.maxKey()]).toEqual([[], undefined, undefined]);
});

test("damage of every kind is found", () => {
  const filled = (): BTree<number> => {
    const tree = new BTree(SMALL);
    for (let key = 0; key < 50; key++) tree.set(key, key);
    return tree;
  };
  const spoil = (change: (tree: BTree<number>) => void): string[] => {
    const tree = filled();
    change(tree);
    return checkBTree(tree);
  };
  const firstBucket = (tree: BTree<number>) => (tree.root.tree.first ?? tree.root).bucket;
  expect(spoil(() => undefined)).toEqual([]);
  expect(spoil((tree) => void (tree.root.tree.first = undefined)).join()).toContain("wrong first bucket");
  expect(spoil((tree) => void firstBucket(tree).keys.reverse()).join()).toContain("keys out of order");
  expect(spoil((tree) => void (firstBucket(tree).next = firstBucket(tree).next?.bucket.next)).join()).toContain(
    "chain",
  );
  expect(spoil((tree) => void firstBucket(tree).keys.splice(0)).join()).toContain("empty bucket");
  expect(spoil((tree) => void firstBucket(tree).keys.push(1000)).join()).toContain("outside the range");
});

test("trees and chains without end are found out", () => {
  const looped = new BTree(SMALL);
  for (let key = 0; key < 50; key++) looped.set(key, key);
  let last = looped.root.tree.first;
  while (last?.bucket.next !== undefined) last = last.bucket.next;
  if (last !== undefined) last.bucket.next = looped.root.tree.first;
  const endless = new BTree(SMALL);
  endless.root.tree.children = [endless.root];
  const uses = [
    () => [...looped],
    () => looped.size(),
    () => endless.get(1),
    () => endless.maxKey(),
    () => endless.set(1, 1),
    () => endless.delete(1),
    () => checkBTree(endless),
  ];
  for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
});
