import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { ownFileSystem } from "./own-file-system.ts";
import { makePair, within } from "./replica.ts";

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)("a destination that is full takes up the work where it was when there is room again", async () => {
  using pair = makePair();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", pair.destination]);
  try {
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
    const filler = join(pair.destination, ".belay-georep", "filler");
    fs.writeFileSync(filler, Buffer.alloc(1_200_000, 1));
    for (let i = 0; i < 10; i++) fs.writeFileSync(join(pair.source, `f${i}`), Buffer.alloc(100_000, i));
    await expect.poll(() => worker.status.state).toBe("waiting");
    expect(worker.status.lastError).toContain("ENOSPC");
    fs.unlinkSync(filler);
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  } finally {
    execFileSync("umount", ["-l", pair.destination]);
  }
});

test.runIf(isRoot)(
  "a destination without room for what is remembered of it takes its own work for nobody else's",
  async () => {
    using pair = makePair();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", pair.destination]);
    try {
      await using worker = await pair.start();
      await worker.checkpoint(within(30_000));
      const filler = join(pair.destination, ".belay-georep", "filler");
      fs.writeFileSync(filler, "");
      expect(() => {
        for (;;) fs.appendFileSync(filler, Buffer.alloc(4096, 1));
      }).toThrow("ENOSPC");
      // Empty ones need no room, but to remember them does.
      for (let i = 0; i < 1000; i++) fs.writeFileSync(join(pair.source, `f${i}`), "");
      await expect.poll(() => worker.status.state).toBe("waiting");
      for (let i = 0; i < 10; i++) fs.writeFileSync(join(pair.source, `f${i}`), "not empty any more");
      fs.unlinkSync(filler);
      await worker.checkpoint(within(30_000));
      expect(pair.differences()).toEqual([]);
      expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/conflicts"))).toEqual([]);
    } finally {
      execFileSync("umount", ["-l", pair.destination]);
    }
  },
);

test("more changes than the kernel keeps are found by comparing", async () => {
  using pair = makePair();
  using _flooded = ownFileSystem(pair.source);
  await using worker = await pair.start({ sourceKind: "inotify" });
  await worker.checkpoint(within(30_000));
  // All in one turn: nobody reads the events meanwhile.
  for (let i = 0; i < 9000; i++) {
    fs.writeFileSync(join(pair.source, `f${i}`), "");
    if (i % 3 === 0) fs.unlinkSync(join(pair.source, `f${i}`));
  }
  await worker.checkpoint(within(120_000));
  expect(pair.differences()).toEqual([]);
}, 180_000);

test("what was at the destination before is kept aside, what is equal is kept", async () => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "same"), "equal");
  fs.writeFileSync(join(pair.source, "other"), "of the source");
  fs.writeFileSync(join(pair.destination, "same"), "equal");
  fs.writeFileSync(join(pair.destination, "other"), "of the destination");
  fs.writeFileSync(join(pair.destination, "foreign"), "not ours");
  const { ino } = fs.statSync(join(pair.destination, "same"));
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  expect(fs.statSync(join(pair.destination, "same")).ino).toBe(ino);
  const conflicts = join(pair.destination, ".belay-georep", "test", "conflicts");
  const kept = fs.readdirSync(conflicts).map((name) => fs.readFileSync(join(conflicts, name), "utf8"));
  expect(kept.sort()).toEqual(["not ours", "of the destination"]);
});

test("of a large file only the changed blocks are sent, and holes are not filled", async () => {
  using pair = makePair();
  const path = join(pair.source, "large");
  fs.writeFileSync(path, Buffer.alloc(4_000_000, "abc"));
  fs.truncateSync(path, 50_000_000);
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  const first = worker.status.bytes;
  expect(first).toBeLessThan(5_000_000);
  expect(fs.statSync(join(pair.destination, "large")).blocks * 512).toBeLessThan(5_000_000);
  const fd = fs.openSync(path, "r+");
  fs.writeSync(fd, "changed", 1_000_000);
  fs.closeSync(fd);
  await worker.checkpoint(within(30_000));
  expect(worker.status.bytes - first).toBeLessThan(200_000);
  expect(pair.differences()).toEqual([]);
});

test("names in no known encoding are replicated as they are", async () => {
  using pair = makePair();
  const names = [Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from("a\rb\tc"), Buffer.alloc(255, 0xe9)];
  for (const name of names) fs.writeFileSync(Buffer.concat([Buffer.from(`${pair.source}/`), name]), "x");
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  expect(fs.readdirSync(pair.destination)).toHaveLength(names.length + 1);
});

test("through a connection of our own making, of a large file only the changed blocks are sent", async () => {
  using pair = makePair();
  const file = join(pair.source, "large");
  fs.writeFileSync(file, randomBytes(20_000_000));
  const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));
  await using worker = await pair.start({ secondaryCommand: [process.execPath, program, pair.destination] });
  await worker.checkpoint(within(30_000));
  const first = worker.status.bytes;
  const fd = fs.openSync(file, "r+");
  fs.writeSync(fd, Buffer.from("x"), 0, 1, 10_000_000);
  fs.closeSync(fd);
  await worker.checkpoint(within(30_000));
  expect(worker.status.bytes - first).toBeLessThan(200_000);
  expect(pair.differences()).toEqual([]);
});
