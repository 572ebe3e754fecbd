import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { hasCode } from "@belay/supervise";
import { expect, test } from "vitest";

import type { SourceKind } from "../../packages/georep/src/sources/change-source.ts";
import { childrenOf } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

// Directories are moved, exchanged, removed and made anew while a comparison makes them at the destination and fills them, in the same batches.

const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
const mover = fileURLToPath(new URL("./mover.child.ts", import.meta.url));
const isRoot = process.geteuid?.() === 0;
const kinds: SourceKind[] = isRoot ? ["fanotify", "inotify"] : ["inotify"];

test.each(kinds)(
  "a tree that is turned over while it is copied for the first time, through %s",
  async (sourceKind) => {
    using pair = makePair();
    build(pair.source, 3);
    await using worker = await pair.start({ sourceKind });
    const moving = promisify(execFile)(process.execPath, [mover, pair.source, String(seed), "2000"]);
    for (let round = 0; round < 4; round++) {
      await sleep(500);
      // What somebody has taken away is made again, beside what moves there meanwhile.
      for (const name of fs.readdirSync(pair.destination).slice(1, 3)) takeAway(join(pair.destination, name));
      worker.resync(Buffer.alloc(0));
    }
    const moves = Number((await moving).stdout);
    await worker.checkpoint(within(100_000));
    expect(pair.differences(), `seed ${seed}, ${moves} moves`).toEqual([]);
    expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/held"))).toEqual([]);
    expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/conflicts"))).toEqual([]);
    expect(moves).toBeGreaterThan(100);
  },
  150_000,
);

test("a tree that is turned over while its receiving end is killed again and again", async () => {
  using pair = makePair();
  build(pair.source, 3);
  const moving = promisify(execFile)(process.execPath, [mover, pair.source, String(seed), "2500"]);
  for (let life = 0; life < 4; life++) {
    const worker = await pair.start({ sourceKind: "inotify" });
    if (life > 0) worker.resync(Buffer.alloc(0));
    await sleep(100 + Math.random() * 600);
    for (const pid of childrenOf(process.pid)) if (isSecondary(pid)) process.kill(pid, "SIGKILL");
    await worker.ended.catch(() => undefined);
    await Promise.allSettled([worker[Symbol.asyncDispose]()]);
    for (const name of fs.readdirSync(pair.destination).slice(1, 3))
      fs.rmSync(join(pair.destination, name), { recursive: true, force: true });
  }
  const moves = Number((await moving).stdout);
  await using worker = await pair.start({ sourceKind: "inotify" });
  worker.resync(Buffer.alloc(0));
  await worker.checkpoint(within(100_000));
  expect(pair.differences(), `seed ${seed}, ${moves} moves`).toEqual([]);
  expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/held"))).toEqual([]);
  expect(fs.readdirSync(join(pair.destination, ".belay-georep/test/conflicts"))).toEqual([]);
}, 150_000);

const isSecondary = (pid: number): boolean => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("secondary");

/** Removes a tree into which somebody writes meanwhile. */
function takeAway(path: string): void {
  for (;;) {
    try {
      return fs.rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (!hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR", "EISDIR")) throw error;
    }
  }
}

const width = 5;

function build(path: string, depth: number): void {
  for (let i = 0; i < 12; i++) fs.writeFileSync(join(path, `f${i}`), `${path} ${i}`);
  if (depth === 0) return;
  for (let i = 0; i < width; i++) {
    fs.mkdirSync(join(path, `n${i}`));
    build(join(path, `n${i}`), depth - 1);
  }
}
