import { expect, test } from "vitest";

import type { ObjectChange } from "../rpc/messages.ts";
import { BatchDirectories } from "./batch-directories.ts";

const id = (name: string) => Buffer.from(name);
const directory = (name: string): ObjectChange => ({
  id: id(name),
  mode: 0o40755,
  uid: 0,
  gid: 0,
  nlink: 1,
  size: 0,
  rdevMajor: 0,
  rdevMinor: 0,
  mtime: 0n,
  ctime: 0n,
  xattrs: [],
  target: Buffer.alloc(0),
  content: "compare",
  settled: true,
  inline: undefined,
});
const all = (ids: readonly Buffer[]) => ids.map(String).sort();
const said = ({ toCompare, unfilled, filled }: BatchDirectories) => [toCompare, unfilled, filled].map(all);

test("only the answer tells which directories were made, where the destination had something before", () => {
  const directories = new BatchDirectories(false);
  const told = directories.tell([directory("a"), directory("b")], [id("a")]);
  expect([directories.toFill, directories.expected]).toEqual([undefined, 2]);
  directories.heard(told);
  directories.take({ crawl: [id("b")], made: [id("a")] }, told);
  expect([directories.toFill, directories.expected]).toEqual([id("a"), 1]);
  directories.fill(id("a"));
  expect([directories.expected, directories.isFilling]).toEqual([0, true]);
  expect(said(directories)).toEqual([["b"], [], ["a"]]);
});

test("where it had nothing, what was not there counts as made, and is compared when it was not", () => {
  const directories = new BatchDirectories(true);
  directories.compare([id("a"), id("b"), id("c"), id("d")]);
  const told = directories.tell(["a", "b", "c", "d"].map(directory), [id("a"), id("b"), id("c")]);
  expect([directories.toFill, directories.expected]).toEqual([id("a"), 4]);
  directories.fill(id("a"));
  directories.fill(id("b"));
  directories.heard(told);
  directories.take({ crawl: [], made: [id("a"), id("d")] }, told);
  expect(said(directories)).toEqual([["b", "c"], ["d"], ["a"]]);
  expect(["a", "b", "c", "d"].map((name) => directories.isRefused(id(name)))).toEqual([false, true, true, false]);
});

test("a directory that is made again, as it was removed meanwhile, is filled again", () => {
  const directories = new BatchDirectories(true);
  const first = directories.tell([directory("a")], [id("a")]);
  directories.fill(id("a"));
  directories.take({ crawl: [], made: [id("a")] }, first);
  expect(said(directories)).toEqual([[], [], ["a"]]);
  directories.take({ crawl: [], made: [id("a")] }, directories.tell([directory("a")], []));
  expect(said(directories)).toEqual([[], ["a"], []]);
});

test("directories too large for a batch, or that cannot be read, are left to what comes later", () => {
  const directories = new BatchDirectories(true);
  const names = ["filled", "large", "shut", "more"];
  directories.tell(names.map(directory), names.map(id));
  directories.fill(id("filled"));
  directories.fillLater(id("large"));
  directories.leave(id("shut"));
  expect(directories.isFilling).toBe(true);
  directories.stopFilling();
  expect([directories.toFill, directories.expected, directories.isFilling]).toEqual([undefined, 0, false]);
  expect(said(directories)).toEqual([["shut"], ["large", "more"], ["filled"]]);
});
