import { expect, test } from "vitest";
import type { TreeNode } from "./node.ts";
import { NodeTable, ROOT_ID } from "./node-table.ts";

function node(id: number, log: number[]): TreeNode {
  const attributes = { mode: 0, size: 0, blksize: 0, time: 0n, stable: true };
  return { id, references: 0, attributes: () => attributes, forgotten: () => void log.push(id) };
}

test("a node is known until as many references are given back as were taken", () => {
  const table = new NodeTable<TreeNode>();
  const log: number[] = [];
  const file = node(table.nextId(), log);
  table.reference(file);
  table.reference(file);
  table.forget(file.id, 1);
  expect(table.get(file.id)).toBe(file);
  table.forget(file.id, 1);
  expect(table.get(file.id)).toBeUndefined();
  expect(log).toEqual([file.id]);
});

test("the root stays, and numbers nobody knows are no error", () => {
  const table = new NodeTable<TreeNode>();
  const log: number[] = [];
  table.reference(node(ROOT_ID, log));
  table.forget(ROOT_ID, 5);
  table.forget(99, 1);
  expect(table.get(ROOT_ID)).toBeDefined();
  expect(log).toEqual([]);
});

test("a node that comes back is known under the same number", () => {
  const table = new NodeTable<TreeNode>();
  const file = node(table.nextId(), []);
  table.reference(file);
  table.forget(file.id, 1);
  table.reference(file);
  expect(table.get(file.id)).toBe(file);
});
