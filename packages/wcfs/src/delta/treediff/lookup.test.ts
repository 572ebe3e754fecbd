import { describe, expect, test } from "vitest";
import type { BucketNode, TreeNode } from "../snapshot.ts";
import { ObjectStore } from "../testing/object-store.ts";
import { lookupBlock, lookupLast } from "./lookup.ts";

function storeOf(nodes: Record<string, TreeNode | BucketNode>): ObjectStore {
  const store = new ObjectStore();
  store.commit(
    1n,
    Object.entries(nodes).map(([oid, node]) => [BigInt(oid), node]),
  );
  return store;
}

function tree(children: bigint[], separators: number[], embedded?: BucketNode): TreeNode {
  return { kind: "tree", children, separators, embedded };
}

function bucket(...keys: number[]): BucketNode {
  return { kind: "bucket", keys, values: keys.map((key) => BigInt(100 + key)) };
}

// Root 1 with buckets 2 (below 10) and, under 3, 4 (10 to 19) and 5.
const nodes = { 1: tree([2n, 3n], [10]), 2: bucket(3, 7), 3: tree([4n, 5n], [20]), 4: bucket(10, 12), 5: bucket(25) };

describe("looking a block up", () => {
  test("finds its object, the path to it and the range of its leaf", () => {
    const snapshot = storeOf(nodes).at(1n);
    expect(lookupBlock(snapshot, 1n, 12)).toEqual({ path: [1n, 3n, 4n], leafRange: { lo: 10, hi: 20 }, value: 112n });
    expect(lookupBlock(snapshot, 1n, 7)).toEqual({ path: [1n, 2n], leafRange: { lo: -Infinity, hi: 10 }, value: 107n });
    expect(lookupBlock(snapshot, 1n, 20)).toEqual({
      path: [1n, 3n, 5n],
      leafRange: { lo: 20, hi: Infinity },
      value: undefined,
    });
  });

  test("loads no more than the path", () => {
    const store = storeOf(nodes);
    lookupBlock(store.at(1n), 1n, 12);
    expect(store.loads).toBe(3);
  });

  test("finds the last block and the path on which the size depends", () => {
    const snapshot = storeOf(nodes).at(1n);
    expect(lookupLast(snapshot, 1n)).toEqual({
      path: [1n, 3n, 5n],
      leafRange: { lo: 20, hi: Infinity },
      last: 25,
      value: 125n,
    });
  });

  test("takes an empty, an absent and a small tree for one leaf of all blocks", () => {
    const leafRange = { lo: -Infinity, hi: Infinity };
    const snapshot = storeOf({ 1: tree([], []), 2: tree([], [], bucket(4)) }).at(1n);
    expect(lookupBlock(snapshot, 1n, 4)).toEqual({ path: [1n], leafRange, value: undefined });
    expect(lookupLast(snapshot, 9n)).toEqual({ path: [9n], leafRange, last: undefined, value: undefined });
    expect(lookupLast(snapshot, 2n)).toEqual({ path: [2n], leafRange, last: 4, value: 104n });
  });

  test("does not see entries outside of the range of their bucket", () => {
    const snapshot = storeOf({ 1: tree([2n, 3n], [10]), 2: bucket(3, 12), 3: bucket(4, 10) }).at(1n);
    expect(lookupBlock(snapshot, 1n, 12).value).toBeUndefined();
    expect(lookupLast(snapshot, 1n).last).toBe(10);
  });

  test("names a child that is missing, and a table that is none", () => {
    const snapshot = storeOf({ 1: tree([2n, 3n], [10]), 2: bucket(1) }).at(1n);
    expect(() => lookupBlock(snapshot, 1n, 10)).toThrow(
      "tree node 0000000000000001 has a child 0000000000000003 that does not exist",
    );
    expect(() => lookupBlock(snapshot, 2n, 1)).toThrow("block table 0000000000000002 is a bucket, not a tree");
  });
});
