import * as fs from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { parseExcludes } from "../../packages/georep/src/policy/excludes.ts";
import { defaultPolicy, type SyncPolicy } from "../../packages/georep/src/policy/policy.ts";
import { makePair, within, type Pair } from "./replica.ts";

const leavingOut = (patterns: string, more: Partial<SyncPolicy> = {}): { policy: SyncPolicy } => ({
  policy: { ...defaultPolicy, excludes: parseExcludes(patterns), ...more },
});

const write = (path: string, text = "1"): void => {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, text);
};

/** All names at the destination, sorted. */
function copies({ destination }: Pair): string[] {
  const names = fs.readdirSync(destination, { recursive: true, encoding: "utf8" });
  return names.filter((name) => !name.startsWith(".belay-georep")).sort();
}

test("what is left out does not come, neither at first nor later", async () => {
  using pair = makePair();
  for (const name of ["a", "b.tmp", "build/x", "d/build/y", "d/c"]) write(join(pair.source, name));
  await using worker = await pair.start(leavingOut("*.tmp build/"));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["a", "d", "d/c"]);
  for (const name of ["e.tmp", "build/z", "build/s/t", "d/f"]) write(join(pair.source, name));
  fs.appendFileSync(join(pair.source, "b.tmp"), "more");
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["a", "d", "d/c", "d/f"]);
});

test("a name that is moved out of what is left out appears, one moved into it vanishes", async () => {
  using pair = makePair();
  for (const name of ["in", "out.tmp", "build/deep/x", "open/deep/y"]) write(join(pair.source, name));
  await using worker = await pair.start(leavingOut("*.tmp build/"));
  await worker.checkpoint(within(30_000));
  const move = (from: string, to: string) => fs.renameSync(join(pair.source, from), join(pair.source, to));
  move("build", "shown");
  move("open", "build");
  move("in", "in.tmp");
  move("out.tmp", "out");
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["out", "shown", "shown/deep", "shown/deep/x"]);
});

test("where a pattern is tied to a place, what lies in a directory that is moved is looked at again", async () => {
  using pair = makePair();
  for (const name of ["old/cache/x", "old/y"]) write(join(pair.source, name));
  await using worker = await pair.start(leavingOut("/old/cache"));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["old", "old/y"]);
  fs.renameSync(join(pair.source, "old"), join(pair.source, "new"));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["new", "new/cache", "new/cache/x", "new/y"]);
});

test("names that are left out and exist at the destination stay, unless delete-excluded is set", async () => {
  using pair = makePair();
  for (const name of ["a", "mine.tmp", "build/x"]) write(join(pair.destination, name));
  write(join(pair.source, "b"));
  {
    await using worker = await pair.start(leavingOut("*.tmp build/"));
    await worker.checkpoint(within(30_000));
    expect(copies(pair)).toEqual(["b", "build", "build/x", "mine.tmp"]);
    write(join(pair.source, "mine.tmp"));
    fs.unlinkSync(join(pair.source, "mine.tmp"));
    await worker.checkpoint(within(30_000));
    expect(copies(pair)).toContain("mine.tmp");
  }
  await using worker = await pair.start(leavingOut("*.tmp build/", { deleteExcluded: true }));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["b"]);
});

test("a file that takes the name of a directory that only counts as a directory", async () => {
  using pair = makePair();
  write(join(pair.source, "build"), "a file");
  await using worker = await pair.start(leavingOut("build/"));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual(["build"]);
  fs.unlinkSync(join(pair.source, "build"));
  write(join(pair.source, "build/x"));
  await worker.checkpoint(within(30_000));
  expect(copies(pair)).toEqual([]);
});
