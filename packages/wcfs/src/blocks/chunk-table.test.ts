import { expect, test } from "vitest";
import type { BucketNode, TreeNode } from "../delta/index.ts";
import { ChunkTable } from "./chunk-table.ts";

function bucket(...keys: number[]): BucketNode {
  return { kind: "bucket", keys, values: keys.map((key) => BigInt(1000 + key)) };
}

function tree(children: bigint[], ...separators: number[]): TreeNode {
  return { kind: "tree", children, separators };
}

function tableOf(nodes: Record<string, TreeNode | BucketNode>): { table: ChunkTable; loaded: bigint[] } {
  const loaded: bigint[] = [];
  const load = (oid: bigint) => {
    loaded.push(oid);
    return nodes[String(oid)];
  };
  return { table: new ChunkTable(load, 1n), loaded };
}

function offsets(table: ChunkTable, from: number, to: number): number[] {
  return table.range(from, to).flatMap(({ chunks, first, end }) => chunks.offsets.slice(first, end));
}

const grown = {
  1: tree([2n, 3n, 4n], 100, 200),
  2: bucket(0, 50),
  3: tree([5n, 6n], 150),
  4: bucket(200, 250),
  5: bucket(),
  6: bucket(160, 190),
};

test.each([
  [0, 50, [0]],
  [0, 51, [0, 50]],
  [60, 70, [50]],
  [110, 120, [50]],
  [155, 200, [50, 160, 190]],
  [190, 260, [190, 200, 250]],
  [0, 1000, [0, 50, 160, 190, 200, 250]],
])("bytes from %d to %d may lie in the chunks that start there and the one before", (from, to, expected) => {
  expect(offsets(tableOf(grown).table, from, to)).toEqual(expected);
});

test("only the way to the chunks asked for is loaded, once", () => {
  const { table, loaded } = tableOf(grown);
  offsets(table, 200, 201);
  expect(loaded).toEqual([1n, 4n]);
  offsets(table, 200, 201);
  expect(loaded).toEqual([1n, 4n]);
});

test("nothing lies before the first chunk", () => {
  const { table } = tableOf({ 1: { kind: "tree", children: [], separators: [], embedded: bucket(100) } });
  expect(offsets(table, 0, 100)).toEqual([]);
  expect(offsets(table, 0, 101)).toEqual([100]);
});

test("an empty table has no chunks", () => {
  expect(offsets(tableOf({ 1: tree([]) }).table, 0, 100)).toEqual([]);
});

test.each<[string, Record<string, TreeNode | BucketNode>]>([
  ["an absent node", { 1: tree([2n]) }],
  ["a cycle", { 1: tree([1n]) }],
  ["a negative offset", { 1: bucket(-1, 5) }],
  ["a key outside its node", { 1: tree([2n, 3n], 100), 2: bucket(0, 100), 3: bucket(100) }],
])("%s is an error", (_what, nodes) => {
  expect(() => tableOf(nodes).table.range(0, 100)).toThrow(expect.objectContaining({ code: "EMALFORMED" }));
});
