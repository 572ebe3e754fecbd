import { expect, test } from "vitest";
import { decodeRecord } from "../pickle/record.ts";
import { PersistentRef } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import { SAMPLES, sampleRecords } from "../testing/sample-databases.ts";
import { encodeBTreeNode } from "./encode-node.ts";
import { btreeClass } from "./flavour.ts";
import { blockKeys, int32Keys, int64Keys, uint32Keys, uint64Keys } from "./keys.ts";
import { decodeBTreeNode } from "./node.ts";

const [a, b, c] = [new PersistentRef(1n), new PersistentRef(2n), new PersistentRef(3n)];
const bucket = (keys: number[], values: PickleValue[], next?: PersistentRef) => ({
  kind: "bucket",
  keys,
  values,
  next,
});

test.each([
  ["empty tree", null, { kind: "tree", children: [], separators: [], first: undefined }],
  [
    "embedded bucket",
    [[[[1, a, 2, b]]]],
    { kind: "tree", children: [bucket([1, 2], [a, b])], separators: [], first: undefined },
  ],
  ["tree of one child", [[a], a], { kind: "tree", children: [a], separators: [], first: a }],
  ["tree", [[a, 5, b, 9, c], a], { kind: "tree", children: [a, b, c], separators: [5, 9], first: a }],
  ["last bucket", [[1, a]], bucket([1], [a])],
  ["bucket", [[1, a, 2, 7], b], bucket([1, 2], [a, 7], b)],
  ["emptied bucket", [[]], bucket([], [])],
])("the state of a %s is understood, and written back", (_, state, expected) => {
  const node = decodeBTreeNode(state, blockKeys);
  expect(node).toEqual(expected);
  expect(encodeBTreeNode(node, blockKeys)).toEqual(state);
});

test("buckets of sets have keys only", () => {
  const node = decodeBTreeNode([[1, 2, 3], b], blockKeys, { set: true });
  expect(node).toEqual(bucket([1, 2, 3], [], b));
  expect(encodeBTreeNode(node, blockKeys)).toEqual([[1, 2, 3], b]);
  expect(decodeBTreeNode([[[[1, 2, 3]]]], blockKeys, { kind: "tree", set: true })).toMatchObject({
    children: [bucket([1, 2, 3], [])],
  });
});

test.each([
  ["no tuple", 5],
  ["text", "abc"],
  ["empty tuple", []],
  ["tree without first bucket", [[a, 5, b]]],
  ["tree with a key too many", [[a, 5], a]],
  ["child that is no reference", [[a, 5, 6], a]],
  ["separators out of order", [[a, 5, b, 5, c], a]],
  ["two embedded buckets", [[[[1, a]], [[2, a]]]]],
  ["embedded bucket with a successor", [[[[1, a], b]]]],
  ["bucket with a key without value", [[1, a, 2]]],
  ["bucket with keys out of order", [[2, a, 1, a]]],
  ["next bucket that is no reference", [[1, a], 7]],
  ["key that is no integer", [["x", a]]],
  ["key that cannot be addressed", [[2n ** 60n, a]]],
])("a state with a wrong shape is refused: %s", (_, state) => {
  expect(() => decodeBTreeNode(state, blockKeys)).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
});

test("what the class says is held against the state", () => {
  expect(() => decodeBTreeNode([[1, a]], blockKeys, { kind: "tree" })).toThrow(
    expect.objectContaining({ code: "EDAMAGED" }),
  );
  expect(() => decodeBTreeNode(null, blockKeys, { kind: "bucket" })).toThrow(
    expect.objectContaining({ code: "EDAMAGED" }),
  );
});

test("keys keep to the range of their flavour", () => {
  expect(decodeBTreeNode([[-5, a, 2n ** 62n, b]], int64Keys)).toMatchObject({ keys: [-5n, 2n ** 62n] });
  for (const [key, codec] of [
    [2 ** 31, int32Keys],
    [2n ** 63n, int64Keys],
    [-1, uint32Keys],
    [2 ** 32, uint32Keys],
    [-1, uint64Keys],
    [2n ** 64n, uint64Keys],
  ] as const) {
    expect(() => decodeBTreeNode([[key, a]], codec as typeof blockKeys)).toThrow(
      expect.objectContaining({ code: "EDAMAGED" }),
    );
  }
});

test("classes of trees are recognised by name", () => {
  expect(btreeClass({ module: "BTrees.LOBTree", name: "LOBucket" })).toMatchObject({
    kind: "bucket",
    flavour: { name: "LO", set: false },
  });
  expect(btreeClass({ module: "BTrees.OOBTree", name: "OOTreeSetPy" })).toMatchObject({
    kind: "tree",
    flavour: { name: "OO", set: true },
  });
  expect(btreeClass({ module: "BTrees.Length", name: "Length" })).toBeUndefined();
  expect(btreeClass({ module: "BTrees.QOBTree", name: "QOBTree" })).toMatchObject({
    flavour: { maxLeaf: 60, maxInternal: 500 },
  });
  expect(() => btreeClass({ module: "BTrees.fsBTree", name: "fsBTree" })).toThrow(
    expect.objectContaining({ code: "EUNSUPPORTED" }),
  );
});

test.each(SAMPLES)("the tables of %s lead to all blocks and chunks", (name) => {
  const reached = new Map<bigint, number>();
  for (const record of sampleRecords(name).values()) {
    const { class: cls, state } = decodeRecord(record);
    if (btreeClass(cls) === undefined) continue;
    const node = decodeBTreeNode(state, blockKeys);
    const refs =
      node.kind === "tree" ? node.children.flatMap((child) => ("oid" in child ? [child] : child.values)) : node.values;
    for (const ref of refs) if (ref instanceof PersistentRef) reached.set(ref.oid, (reached.get(ref.oid) ?? 0) + 1);
  }
  const chunks = [...sampleRecords(name)].filter(([, record]) => decodeRecord(record).class.name === "ZData");
  expect(chunks.length).toBe(64);
  expect(chunks.every(([oid]) => reached.get(oid) === 1)).toBe(true);
  expect([reached.get(2n), reached.get(3n)]).toEqual([1, 1]);
});
