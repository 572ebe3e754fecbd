import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { childrenOf } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";
import { testAgent } from "./test-agent.ts";

const mebibytes = 128;

test("a large file that is written to all the time holds up nobody, is sent now and then, and keeps no checkpoint from being complete", async () => {
  using pair = makePair();
  const at = (name: string) => join(pair.source, name);
  const there = (name: string) => join(pair.destination, name);
  fs.writeFileSync(at("hot"), Buffer.alloc(mebibytes * 1024 * 1024, "x"));
  const stop = new AbortController();
  let written = 0;
  const writing = async () => {
    const fd = fs.openSync(at("hot"), "r+");
    while (!stop.signal.aborted) {
      fs.writeSync(fd, String(++written).padEnd(4096), 0);
      fs.writeSync(fd, Buffer.alloc(4096, written), 0, 4096, 4096 * (1 + (written % 1000)));
      await sleep(20);
    }
    fs.closeSync(fd);
  };
  const seen = () => {
    const fd = fs.openSync(there("hot"), "r");
    const head = Buffer.alloc(4096);
    fs.readSync(fd, head, 0, 4096, 0);
    fs.closeSync(fd);
    return Number(head.toString().trim());
  };
  {
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
    const before = worker.status.bytes;
    const writer = writing();
    const delays: number[] = [];
    for (let i = 0; i < 60; i++) {
      const start = performance.now();
      fs.writeFileSync(at(`small ${i}`), "");
      while (!fs.existsSync(there(`small ${i}`))) await sleep(2);
      delays.push(performance.now() - start);
      await sleep(50);
    }
    delays.sort((a, b) => a - b);
    expect(delays[30]).toBeLessThan(500);
    // Blocks that differ, some times: not the whole file, and not each time.
    expect(worker.status.bytes - before).toBeLessThan(mebibytes * 1024 * 1024);
    const asked = written;
    await worker.checkpoint(within(30_000));
    expect(seen()).toBeGreaterThanOrEqual(asked);
    await expect.poll(() => worker.status.pending).toBeGreaterThan(0);
    const later = written;
    await expect.poll(seen, { timeout: 30_000 }).toBeGreaterThanOrEqual(later);
    await expect.poll(() => worker.status.lagSeconds).toBeLessThan(20);
    stop.abort();
    await writer;
  }
  // What was held back when the worker ended is not forgotten.
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
}, 300_000);

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)(
  "what is held back of a large file goes with the file, when the name it was written through goes",
  async () => {
    using pair = makePair();
    const at = (name: string) => join(pair.source, "d", name);
    fs.mkdirSync(join(pair.source, "d"));
    for (const name of ["renamed", "linked"]) fs.writeFileSync(at(name), Buffer.alloc(8 * 1024 * 1024, name));
    fs.linkSync(at("linked"), at("link"));
    const write = (name: string, text: string) => {
      const fd = fs.openSync(at(name), "r+");
      fs.writeSync(fd, text, 100);
      fs.closeSync(fd);
    };
    await using worker = await pair.start();
    await worker.checkpoint(within(30_000));
    for (const name of ["renamed", "linked"]) write(name, "sent at once");
    await worker.checkpoint(within(30_000));
    for (const name of ["renamed", "linked"]) write(name, "held back");
    await expect.poll(() => worker.status.pending).toBe(2);
    fs.renameSync(at("renamed"), at("new"));
    fs.unlinkSync(at("linked"));
    await expect.poll(() => fs.existsSync(join(pair.destination, "d/new"))).toBe(true);
    write("new", "held back, too");
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  },
);

test.runIf(isRoot)(
  "what is held back is not lost with a receiving end that dies when it has put it in its place",
  async () => {
    using pair = makePair();
    await using agent = testAgent(pair);
    await agent.ensure();
    const [file, copy] = [join(pair.source, "d/file"), join(pair.destination, "d/file")];
    fs.mkdirSync(join(pair.source, "d"));
    fs.writeFileSync(file, Buffer.alloc(8 * 1024 * 1024, "x"));
    const write = (text: string) => {
      const fd = fs.openSync(file, "r+");
      fs.writeSync(fd, text, 100);
      fs.closeSync(fd);
    };
    {
      await using worker = await agent.worker();
      await worker.checkpoint(within(30_000));
      write("sent at once");
      await worker.checkpoint(within(30_000));
      const before = fs.statSync(copy).ino;
      write("held back");
      await expect.poll(() => worker.status.pending).toBe(1);
      fs.chmodSync(file, 0o640);
      await expect.poll(() => fs.statSync(copy).ino, { interval: 1 }).not.toBe(before);
      const isReceiver = (pid: number) => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("secondary-main");
      for (const pid of childrenOf(process.pid).filter(isReceiver)) process.kill(pid, "SIGKILL");
      await expect(worker.ended).rejects.toThrow();
    }
    await using worker = await agent.worker();
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  },
);
