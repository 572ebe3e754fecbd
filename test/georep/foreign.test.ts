import * as fs from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makePair, within, type Pair } from "./replica.ts";

// What is at the destination and was not put there by us.

const conflicts = (pair: Pair): string => join(pair.destination, ".belay-georep", "test", "conflicts");

test.each([100, 400_000])(
  "a group of hard links with an older content of %i bytes is taken over as a whole",
  async (size) => {
    using pair = makePair();
    for (const [root, byte] of [
      [pair.source, 1],
      [pair.destination, 2],
    ] as const) {
      fs.writeFileSync(join(root, "a"), Buffer.alloc(size, byte));
      fs.mkdirSync(join(root, "d"));
      for (const name of ["b", "d/c"]) fs.linkSync(join(root, "a"), join(root, name));
    }
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
    const [kept, ...more] = fs.readdirSync(conflicts(pair)).map((name) => join(conflicts(pair), name));
    expect(fs.readFileSync(kept ?? "").equals(Buffer.alloc(size, 2))).toBe(true);
    for (const name of more) expect(fs.statSync(name).ino).toBe(fs.statSync(kept ?? "").ino);
  },
);

test("a large file that is not ours is kept aside as a small one is", async () => {
  using pair = makePair();
  const size = 65 * 1024 * 1024;
  for (const [root, text] of [
    [pair.source, "of the source"],
    [pair.destination, "of the destination"],
  ] as const) {
    fs.writeFileSync(join(root, "large"), text);
    fs.truncateSync(join(root, "large"), size);
  }
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  const kept = fs.readdirSync(conflicts(pair)).map((name) => fs.readFileSync(join(conflicts(pair), name)));
  expect(kept.map((bytes) => bytes.toString("latin1", 0, 18))).toEqual(["of the destination"]);
});

test("what somebody has put into a directory that is deleted is set aside, also what has taken the place of a file of ours", async () => {
  using pair = makePair();
  const at = (name: string) => join(pair.destination, name);
  fs.mkdirSync(join(pair.source, "d/e"), { recursive: true });
  for (const name of ["d/e/x", "d/e/y"]) fs.writeFileSync(join(pair.source, name), "ours");
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  fs.writeFileSync(at("d/e/theirs"), "1");
  fs.mkdirSync(at("d/e/f"));
  fs.writeFileSync(at("d/e/f/deep"), "2");
  fs.writeFileSync(at("replaced"), "3");
  fs.renameSync(at("replaced"), at("d/e/x"));
  fs.renameSync(join(pair.source, "d"), join(pair.base, "away"));
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  const kept = fs.readdirSync(conflicts(pair), { recursive: true, encoding: "utf8" });
  const shown = kept.map((name) => name.replace(/^\d+-\d+-/, ""));
  expect(shown.sort()).toEqual(["f", "f/deep", "theirs", "x"]);
});
