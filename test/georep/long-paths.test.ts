import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { parseExcludes } from "../../packages/georep/src/policy/excludes.ts";
import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import type { SourceKind } from "../../packages/georep/src/sources/change-source.ts";
import { differenceText } from "../../packages/georep/src/tree/compare.ts";
import { makePair, within, type Pair } from "./replica.ts";

// No path that is longer than 4,095 bytes can be said to the kernel, nor does it tell one; who goes from directory to directory makes some.

const name = "d".repeat(250);
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)("what has a path longer than any call takes is replicated: fanotify", () => follow("fanotify"));

test("what has a path longer than any call takes is replicated: inotify", () => follow("inotify"), 60_000);

test.runIf(isRoot)("somebody's long paths elsewhere on the file system do not end the watching", async () => {
  using pair = makePair();
  await using worker = await pair.start({ sourceKind: "fanotify" });
  await worker.checkpoint(within(30_000));
  const elsewhere = join(pair.base, "elsewhere");
  fs.mkdirSync(elsewhere);
  inDepth(elsewhere, 100, () => fs.writeFileSync("f", "1"));
  fs.writeFileSync(join(pair.source, "f"), "1");
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  remove(pair);
});

async function follow(sourceKind: SourceKind): Promise<void> {
  using pair = makePair();
  const options = { sourceKind, policy: { ...defaultPolicy, excludes: parseExcludes("*.tmp") } };
  {
    await using worker = await pair.start(options);
    inDepth(pair.source, 20, () => fs.writeFileSync("one", "1"));
    await worker.checkpoint(within(30_000));
    inDepth(pair.source, 20, () => {
      fs.writeFileSync("two", "2");
      fs.writeFileSync("left-out.tmp", "3");
      fs.mkdirSync("moved");
      fs.writeFileSync("moved/three", "3");
    });
    await worker.checkpoint(within(30_000));
    inDepth(pair.source, 20, () => fs.renameSync("moved", "there"));
    await worker.checkpoint(within(30_000));
    expect((await worker.verify(within(30_000))).map(differenceText)).toEqual([]);
    expectBelow(pair, ["one", "there", "there/three", "two"]);
  }
  inDepth(pair.source, 20, () => fs.rmSync("there", { recursive: true }));
  await using worker = await pair.start(options);
  await worker.checkpoint(within(30_000));
  expectBelow(pair, ["one", "two"]);
  await worker[Symbol.asyncDispose]();
  remove(pair);
}

function expectBelow(pair: Pair, names: readonly string[]): void {
  let found: string[] = [];
  inDepth(pair.destination, 20, () => (found = fs.readdirSync(".", { recursive: true, encoding: "utf8" })));
  expect(found.sort()).toEqual(names);
}

function inDepth(root: string, depth: number, action: () => void): void {
  const before = process.cwd();
  process.chdir(root);
  try {
    for (let i = 0; i < depth; i++) {
      fs.mkdirSync(name, { recursive: true });
      process.chdir(name);
    }
    action();
  } finally {
    process.chdir(before);
  }
}

// Not every way to remove a tree goes from directory to directory.
const remove = (pair: Pair) => execFileSync("rm", ["-rf", pair.base]);
