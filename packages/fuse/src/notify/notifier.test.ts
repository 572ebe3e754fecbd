import { spawn, type ChildProcess } from "node:child_process";
import * as fsp from "node:fs/promises";

import { errno } from "@belay/linux";
import { describe, expect, test } from "vitest";

import type { NotifyStep } from "./notify-step.ts";
import { memoryServer, type MemoryServer } from "../testing/memory-server.ts";
import { FOPEN_KEEP_CACHE } from "../wire/flags.ts";
import { FUSE_EXPLICIT_INVAL_DATA } from "../wire/init-flags.ts";

const cached = { validity: 3600, openFlags: FOPEN_KEEP_CACHE, initFlags: String(FUSE_EXPLICIT_INVAL_DATA) };
const page = 4096;
const mib = 1 << 20;

describe.runIf(process.geteuid?.() === 0)("notifications to the kernel", () => {
  test("INVAL_INODE drops the pages of its range and no others", async () => {
    await using server = await memoryServer({ ...cached, files: { f: 8 * page } });
    await fsp.readFile(server.file("f"));
    const { nodeid } = await server.ask({ kind: "fill", name: "f", byte: 0x78 });
    expect(await firstBytes(server, "f")).toBe("ffffffff");
    expect(await notify(server, { kind: "invalInode", nodeid, offset: 2 * page, length: 3 * page })).toEqual([0]);
    expect(await firstBytes(server, "f")).toBe("ffxxxfff");
    expect(await notify(server, { kind: "invalInode", nodeid })).toEqual([0]);
    expect(await firstBytes(server, "f")).toBe("xxxxxxxx");
  });

  test("INVAL_INODE of the attributes alone shows the new size and keeps the pages", async () => {
    await using server = await memoryServer({ ...cached, files: { f: 2 * page } });
    await fsp.readFile(server.file("f"));
    // Reading made the kernel doubt the access time.
    await fsp.stat(server.file("f"));
    const { nodeid } = await server.ask({ kind: "resize", name: "f", size: 4 * page, byte: 0x78 });
    expect((await fsp.stat(server.file("f"))).size).toBe(2 * page);
    expect(await notify(server, { kind: "invalInode", nodeid, offset: -1, length: -1 })).toEqual([0]);
    expect((await fsp.stat(server.file("f"))).size).toBe(4 * page);
    expect(await firstBytes(server, "f")).toBe("ffxx");
  });

  test("INVAL_ENTRY makes the kernel look a name up again", async () => {
    await using server = await memoryServer({ ...cached, files: { f: page } });
    await fsp.stat(server.file("f"));
    await fsp.stat(server.file("f"));
    expect((await server.ask({ kind: "report" })).counts).toMatchObject({ lookup: 1 });
    expect(await notify(server, { kind: "invalEntry", parent: 1, name: "f" })).toEqual([0]);
    await fsp.stat(server.file("f"));
    expect((await server.ask({ kind: "report" })).counts).toMatchObject({ lookup: 2 });
    expect(await notify(server, { kind: "invalEntry", parent: 1, name: "unknown" })).toEqual([-errno.ENOENT]);
  });

  test("STORE fills the cache, so that reading asks nobody; large ones are split", async () => {
    await using server = await memoryServer({ ...cached, files: { f: 3 * mib } });
    await fsp.stat(server.file("f"));
    const { nodeid } = await server.ask({ kind: "fill", name: "f", byte: 0x66 });
    const sources = [Buffer.alloc(mib + page, "s"), { zeros: 2 * mib - page }];
    expect(await notify(server, { kind: "store", nodeid, offset: 0, sources })).toEqual([0]);
    const content = await fsp.readFile(server.file("f"));
    expect(content.equals(Buffer.concat([Buffer.alloc(mib + page, "s"), Buffer.alloc(2 * mib - page)]))).toBe(true);
    expect((await server.ask({ kind: "report" })).counts["read"]).toBeUndefined();
  });

  test("what the kernel does not know is ENOENT", async () => {
    await using server = await memoryServer();
    const steps: NotifyStep[] = [
      { kind: "invalInode", nodeid: 4711 },
      { kind: "store", nodeid: 4711, offset: 0, sources: [Buffer.alloc(page)] },
      { kind: "preserve", nodeid: 4711, offset: 0, length: page, path: server.file("later") },
      { kind: "invalEntry", parent: 1, name: "n".repeat(2000) },
    ];
    const results = await notify(server, ...steps);
    expect(results).toEqual([-errno.ENOENT, -errno.ENOENT, -errno.ENOENT, -errno.ENAMETOOLONG]);
  });

  test("cached pages are preserved in another file before they are dropped, if all of them are there", async () => {
    await using server = await memoryServer({ ...cached, files: { old: 2 * mib + page, copy: 2 * mib + page } });
    const length = 2 * mib + page;
    await fsp.stat(server.file("old"));
    const { nodeid } = await server.ask({ kind: "fill", name: "old", byte: 0x6f });
    const preserve: NotifyStep = { kind: "preserve", nodeid, offset: 0, length, path: server.file("copy") };
    expect(await notify(server, preserve)).toEqual([-errno.ENODATA]);

    await fsp.readFile(server.file("old"));
    const before = (await server.ask({ kind: "report" })).counts["read"];
    expect(await notify(server, preserve, { kind: "invalInode", nodeid })).toEqual([0, 0]);
    const copy = await fsp.readFile(server.file("copy"));
    expect(copy.equals(Buffer.alloc(length, "o"))).toBe(true);
    expect((await server.ask({ kind: "report" })).counts["read"]).toBe(before);
  });

  test("INVAL of a page that is being read waits, while others are served", async () => {
    await using server = await memoryServer({ files: { f: page } });
    const reading = fsp.readFile(server.file("later"));
    await fsp.stat(server.file("f"));
    const { nodeid } = await server.ask({ kind: "fill", name: "later", byte: 0x6c });
    const [results, other] = await Promise.all([
      notify(server, { kind: "invalInode", nodeid }),
      fsp.readFile(server.file("f"), "latin1"),
    ]);
    expect(results).toEqual([0]);
    expect(other).toBe("f".repeat(page));
    expect((await reading).length).toBe(page);
  });

  test("readers of pages that are invalidated all the time never stand still", async () => {
    await using server = await memoryServer({ ...cached, files: { f: 64 * page } });
    const reader = `while :; do cat ${server.file("f")} > ${server.file("copy")}.$0 && echo; done`;
    const readers = ["1", "2", "3"].map((name) =>
      spawn("sh", ["-c", reader, name], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const rounds = readers.map(countLines);
    const results: number[] = [];
    const isEnough = () => results.length > 100 && rounds.every((count) => count() > 3);
    // How much gets done in the first two seconds is a matter of how busy the machine is; that it goes on is not.
    for (let storms = 0; storms < 10 && !isEnough(); storms++)
      results.push(...(await server.ask({ kind: "storm", name: "f", milliseconds: 2000 })).results);
    for (const process of readers) process.kill("SIGKILL");
    expect(new Set(results)).toEqual(new Set([0]));
    expect(isEnough()).toBe(true);
    expect((await server.ask({ kind: "report" })).errors).toEqual([]);
  });

  test("many jobs come back in order, more than fit the queue", async () => {
    await using server = await memoryServer({ files: { f: page } });
    await fsp.stat(server.file("f"));
    const { nodeid } = await server.ask({ kind: "fill", name: "f", byte: 0 });
    const steps = Array.from<unknown, NotifyStep>({ length: 700 }, () => ({ kind: "invalInode", nodeid }));
    const jobs = await Promise.all([notify(server, ...steps), notify(server, ...steps), notify(server, ...steps)]);
    expect(jobs.map((results) => results.length)).toEqual([700, 700, 700]);
    expect(new Set(jobs.flat())).toEqual(new Set([0]));
  });
});

async function notify(server: MemoryServer, ...steps: NotifyStep[]): Promise<readonly number[]> {
  return (await server.ask({ kind: "notify", steps })).results;
}

function countLines(child: ChildProcess): () => number {
  let lines = 0;
  child.stdout?.on("data", (chunk: Buffer) => (lines += chunk.length));
  return () => lines;
}

async function firstBytes(server: MemoryServer, name: string): Promise<string> {
  const content = await fsp.readFile(server.file(name), "latin1");
  return Array.from({ length: content.length / page }, (_, index) => content.charAt(index * page)).join("");
}
