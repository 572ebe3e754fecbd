import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AT_FDCWD, lremovexattr, lsetxattr, utimensat, UTIME_OMIT } from "@belay/linux";
import { expect, test } from "vitest";

import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import { differenceText } from "../../packages/georep/src/tree/compare.ts";
import { RandomWriter } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

/** Changes one byte and leaves no trace in size and mtime. */
function flipBit(path: string, offset: number): void {
  const { mtimeNs } = fs.statSync(path, { bigint: true });
  const fd = fs.openSync(path, "r+");
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  fs.writeSync(fd, byte, 0, 1, offset);
  fs.closeSync(fd);
  utimensat(AT_FDCWD, path, UTIME_OMIT, mtimeNs, 0);
}

test("bits that flipped at the destination are found and mended, in small files and in large ones", async () => {
  using pair = makePair();
  fs.mkdirSync(join(pair.source, "d"));
  for (const [name, size] of [
    ["d/small", 100],
    ["middle", 200_000],
    ["large", 40_000_000],
  ] as const) {
    // prettier-ignore
    fs.writeFileSync(join(pair.source, name), Buffer.alloc(size, name));
  }
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(await worker.verify(within(30_000))).toEqual([]);
  flipBit(join(pair.destination, "d/small"), 50);
  flipBit(join(pair.destination, "middle"), 199_999);
  flipBit(join(pair.destination, "large"), 33_000_000);
  const sent = worker.status.bytes;
  const found = await worker.verify(within(30_000));
  expect(found.map(({ path, aspect }) => `${path.toString()} ${aspect}`).sort()).toEqual(["d/small content", "large content", "middle content"]); // prettier-ignore
  expect(pair.differences()).toEqual([]);
  expect(worker.status.bytes - sent).toBeLessThan(1_000_000);
  expect(await worker.verify(within(30_000))).toEqual([]);
});

test("whatever else is changed at the destination is found and mended", async () => {
  using pair = makePair();
  const at = (name: string) => join(pair.source, name);
  fs.mkdirSync(at("d"));
  for (const name of ["mode", "time", "xattr", "gone", "d/typed", "one"]) fs.writeFileSync(at(name), name);
  fs.linkSync(at("one"), at("two"));
  lsetxattr(at("xattr"), "user.a", Buffer.from("1"));
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  const there = (name: string) => join(pair.destination, name);
  fs.chmodSync(there("mode"), 0o600);
  fs.utimesSync(there("time"), 5, 5);
  lremovexattr(there("xattr"), "user.a");
  fs.unlinkSync(there("gone"));
  fs.unlinkSync(there("d/typed"));
  fs.mkdirSync(there("d/typed"));
  fs.unlinkSync(there("two"));
  fs.copyFileSync(there("one"), there("two"));
  fs.writeFileSync(there("extra"), "x");
  const found = await worker.verify(within(30_000));
  expect(found.map(differenceText)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^"mode": mode/),
      expect.stringMatching(/^"time": mtime/),
      expect.stringMatching(/^"xattr": xattrs/),
      expect.stringMatching(/^"gone": missing/),
      expect.stringMatching(/^"d\/typed": type/),
      expect.stringMatching(/^"two": links/),
      expect.stringMatching(/^"extra": extra/),
    ]),
  );
  expect(pair.differences()).toEqual([]);
});

test("a checkpoint that verifies looks at what was applied since the last one, and only at that", async () => {
  using pair = makePair();
  for (const name of ["old", "new"]) fs.writeFileSync(join(pair.source, name), name);
  await using worker = await pair.start({ policy: { ...defaultPolicy, verifiesCheckpoints: true } });
  await worker.checkpoint(within(30_000));
  fs.writeFileSync(join(pair.source, "new"), "newer");
  await expect.poll(() => fs.readFileSync(join(pair.destination, "new"), "utf8")).toBe("newer");
  flipBit(join(pair.destination, "old"), 0);
  flipBit(join(pair.destination, "new"), 0);
  await worker.checkpoint(within(30_000));
  expect(fs.readFileSync(join(pair.destination, "new"), "utf8")).toBe("newer");
  expect(fs.readFileSync(join(pair.destination, "old"), "utf8")).not.toBe("old");
  await worker.verify(within(30_000));
  expect(pair.differences()).toEqual([]);
});

test("a comparison goes on after the worker was ended, and is ended by whoever asked for it", async () => {
  using pair = makePair();
  for (let i = 0; i < 30; i++) {
    fs.mkdirSync(join(pair.source, `d${i}`));
    for (let j = 0; j < 30; j++) fs.writeFileSync(join(pair.source, `d${i}`, `f${j}`), `${i} ${j}`);
  }
  {
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
    for (let i = 0; i < 30; i++) flipBit(join(pair.destination, `d${i}`, "f7"), 0);
    await expect(worker.verify(AbortSignal.abort(new Error("never mind")))).rejects.toThrow("never mind");
    await expect.poll(() => worker.status.verifyQueue).toBe(0);
    const cut = worker.verify();
    cut.catch(() => undefined);
    await expect.poll(() => worker.status.verifyQueue, { interval: 1 }).toBeGreaterThan(1);
    await worker[Symbol.asyncDispose]();
    await expect(cut).rejects.toMatchObject({ code: "ECANCELED" });
  }
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  await expect.poll(() => worker.status.verifyQueue).toBe(0);
  expect(pair.differences()).toEqual([]);
});

test("while a writer is at work nothing is reported that is only on its way", async () => {
  using pair = makePair();
  const writer = new RandomWriter(pair.source, Date.now() % 10_000);
  for (let i = 0; i < 300; i++) writer.step();
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  const timer = setInterval(() => {
    writer.step();
  }, 10);
  try {
    for (let round = 0; round < 3; round++)
      expect((await worker.verify(within(60_000))).map(differenceText)).toEqual([]);
  } finally {
    clearInterval(timer);
  }
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
}, 120_000);

test("attributes that are to be replicated from now on come to what is there already", async () => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "f"), "1");
  lsetxattr(join(pair.source, "f"), "user.a", Buffer.from("1"));
  {
    await using worker = await pair.start({ policy: { ...defaultPolicy, syncXattrs: false } });
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toHaveLength(1);
  }
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  await expect.poll(() => pair.differences()).toEqual([]);
});

test("a directory that somebody removed at the destination is made again when it is compared, and a checkpoint that verifies sees it", async () => {
  using pair = makePair();
  fs.mkdirSync(join(pair.source, "p/d/e"), { recursive: true });
  fs.writeFileSync(join(pair.source, "p/d/e/f"), "1");
  await using worker = await pair.start({ policy: { ...defaultPolicy, verifiesCheckpoints: true } });
  await worker.checkpoint(within(30_000));
  for (const path of ["p/d/e", "p/d"]) {
    fs.rmSync(join(pair.destination, "p/d"), { recursive: true });
    worker.resync(Buffer.from(path));
    await expect.poll(() => worker.status.crawlQueue).toBe(0);
    await expect.poll(() => pair.differences()).toEqual([]);
  }
  fs.writeFileSync(join(pair.source, "p/d/e/f"), "2");
  await expect.poll(() => fs.readFileSync(join(pair.destination, "p/d/e/f"), "utf8")).toBe("2");
  fs.rmSync(join(pair.destination, "p/d"), { recursive: true });
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});

test("what differs again and again stays in the retry queue until it has been compared and is equal", async () => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "f"), "1");
  await using worker = await pair.start({ policy: { ...defaultPolicy, retryMs: 500 } });
  await worker.checkpoint(within(30_000));
  const spoil = () => fs.chmodSync(join(pair.destination, "f"), 0o600);
  const timer = setInterval(spoil, 1);
  // Now and then it is looked at just before it is spoiled again.
  const staysDiffering = async () => {
    const aspects = (await worker.verify(within(30_000))).map(({ aspect }) => aspect);
    for (let i = 0; i < 20; i++) {
      if (worker.retries()[0]?.code !== "EDIFFERS") return undefined;
      await sleep(100);
    }
    const isComplete = await worker.checkpoint(within(100)).then(
      () => true,
      () => false,
    );
    return isComplete ? undefined : aspects;
  };
  try {
    await expect.poll(staysDiffering, { timeout: 60_000 }).toContain("mode");
  } finally {
    clearInterval(timer);
  }
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
});
