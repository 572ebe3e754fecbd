import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { makePair, within, type Pair } from "./replica.ts";

const isRoot = process.geteuid?.() === 0;
const MiB = 1024 * 1024;
const program = fileURLToPath(new URL("../../packages/georep/src/secondary/secondary-main.ts", import.meta.url));

// One that is not told where the worker has its files, as those on other machines.
const started = (pair: Pair): Promise<Worker> =>
  pair.start({ secondaryCommand: [process.execPath, program, pair.destination] });

/** Writes a file anew without making it another one, and tells how much of it was sent. */
async function sentFor(pair: Pair, worker: Worker, content: Buffer): Promise<number> {
  const before = worker.status.bytes;
  const fd = fs.openSync(join(pair.source, "file"), "r+");
  fs.writeSync(fd, content, 0, content.length, 0);
  fs.ftruncateSync(fd, content.length);
  fs.closeSync(fd);
  await worker.checkpoint(within(60_000));
  expect(pair.differences()).toEqual([]);
  return worker.status.bytes - before;
}

test.for([
  ["made beside the older one", 9],
  ["written in place as long as nothing has moved", 70],
] as const)(
  "content that has moved within a file is moved at the destination, whether the new content is %s",
  async ([, size]) => {
    using pair = makePair();
    const old = randomBytes(size * MiB + 77);
    fs.writeFileSync(join(pair.source, "file"), old);
    await using worker = await started(pair);
    await worker.checkpoint(within(60_000));

    const [front, back] = [Buffer.from(old.subarray(0, 5 * MiB)), old.subarray(5 * MiB)];
    front.writeUInt8((front[100] ?? 0) ^ 1, 100); // a block that differs where it is, before what has moved
    const longer = Buffer.concat([front, Buffer.from("put in"), back]);
    expect(await sentFor(pair, worker, longer)).toBeLessThan(4 * 65_536);
    const shorter = Buffer.concat([longer.subarray(0, MiB), longer.subarray(3 * MiB)]);
    expect(await sentFor(pair, worker, shorter)).toBeLessThan(3 * 65_536);
    const swapped = Buffer.concat([shorter.subarray(2 * MiB), shorter.subarray(0, 2 * MiB)]);
    expect(await sentFor(pair, worker, swapped)).toBeLessThan(size < 64 ? 3 * 65_536 : 3 * MiB);
    expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/held"))).toEqual([]);
  },
);

test("holes stay holes when content moves", async () => {
  using pair = makePair();
  const [first, last] = [randomBytes(MiB), randomBytes(MiB)];
  const write = (offset: number) => {
    const fd = fs.openSync(join(pair.source, "file"), "w");
    fs.writeSync(fd, first, 0, MiB, offset);
    fs.writeSync(fd, last, 0, MiB, offset + 300 * MiB);
    fs.closeSync(fd);
  };
  write(0);
  await using worker = await started(pair);
  await worker.checkpoint(within(60_000));
  const before = worker.status.bytes;
  write(7);
  await worker.checkpoint(within(60_000));
  expect(pair.differences()).toEqual([]);
  expect(worker.status.bytes - before).toBeLessThan(MiB + 4 * 65_536); // most of it seems to be where it was
  const { size, blocks } = fs.statSync(join(pair.destination, "file"));
  expect(size).toBe(301 * MiB + 7);
  expect(blocks * 512).toBeLessThan(4 * MiB);
});

test("a file of several names is written in place, and keeps them", async () => {
  using pair = makePair();
  const old = randomBytes(2 * MiB);
  fs.writeFileSync(join(pair.source, "file"), old);
  fs.linkSync(join(pair.source, "file"), join(pair.source, "other"));
  await using worker = await started(pair);
  await worker.checkpoint(within(60_000));
  expect(await sentFor(pair, worker, Buffer.concat([Buffer.of(1), old]))).toBe(2 * MiB + 1);
});

test.runIf(isRoot)("where there is no room for the older content and the new one, it is written in place", async () => {
  using pair = makePair();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=100m", "tmpfs", pair.destination]);
  try {
    const old = randomBytes(70 * MiB);
    fs.writeFileSync(join(pair.source, "file"), old);
    await using worker = await started(pair);
    await worker.checkpoint(within(60_000));
    expect(await sentFor(pair, worker, Buffer.concat([Buffer.of(1), old]))).toBe(70 * MiB + 1);
  } finally {
    execFileSync("umount", ["-l", pair.destination]);
  }
});
