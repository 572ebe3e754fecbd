import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { poll, POLLIN, PollSet } from "@belay/linux";
import { describe, expect, test } from "vitest";
import type { Oid } from "../ids/oid.ts";
import type { Tid } from "../ids/tid.ts";
import { transactionMeta, type Invalidation } from "../storage.ts";
import { havePython } from "../testing/python.ts";
import type { FileStorage } from "./file-storage.ts";
import { transactionsFrom } from "./iterate.ts";
import { openFileStorage } from "./open.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./testing/python-database.ts";
import { startPythonWriter } from "./testing/python-writer.ts";

const SECONDS = Number(process.env["BELAY_FOLLOW_SECONDS"] ?? "4");

function readable(storage: FileStorage, timeout: number): boolean {
  const set = new PollSet(1);
  set.add(storage.pollFd(), POLLIN);
  return poll(set, timeout) > 0;
}

/** Polls as a server does: when told to, not by time. */
async function followFor(
  storage: FileStorage,
  ms: number,
  onCommit: (event: Invalidation) => void,
  isEnough: () => boolean,
): Promise<void> {
  const start = performance.now();
  const isOver = (most: number) => performance.now() - start > most;
  // A busy machine gets more time.
  while (!isOver(ms) || (!isEnough() && !isOver(ms + 60_000))) {
    if (readable(storage, 20)) storage.poll().forEach(onCommit);
    await sleep(0); // The writer's output is read meanwhile.
  }
}

function digest(storage: FileStorage, oid: Oid, at: Tid): string {
  const revision = storage.loadBefore(oid, at + 1n);
  if (revision === undefined) throw new Error(`object ${oid} is not there yet at ${at}`);
  return `${revision.serial} ${createHash("sha1").update(revision.data).digest("hex")}`;
}

describe.runIf(havePython).each([
  { what: "that aborts after votes", packs: 0 },
  { what: "that aborts after votes and packs", packs: 60 },
])("a writer in another process $what", ({ packs }) => {
  test("is followed without a gap and without what it took back", { timeout: 180_000 + SECONDS * 2000 }, async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    await using writer = await startPythonWriter(path, { seed: packs, packs });
    await using storage = await openFileStorage(path, { keepGenerations: 1000 });
    const start = storage.lastTid();
    const told: Invalidation[] = [];
    const seen: { oid: Oid; at: Tid; digest: string }[] = [];
    const onCommit = (event: Invalidation) => {
      told.push(event);
      for (const oid of event.oids) seen.push({ oid, at: event.tid, digest: digest(storage, oid, event.tid) });
    };
    await followFor(storage, SECONDS * 1000, onCommit, () => told.length > 50 && (packs === 0 || writer.packs() > 2));
    await writer.stop();
    while (readable(storage, 300)) storage.poll().forEach(onCommit);

    await using whole = await openFileStorage(path);
    expect(storage.lastTid()).toBe(whole.lastTid());
    expect(told.map(({ tid }) => tid)).toEqual(told.map(({ tid }) => tid).toSorted((a, b) => (a < b ? -1 : 1)));
    const toldTids = new Map(told.map((event) => [event.tid, event.oids]));
    for (const { tid, status, records } of whole.iterate(start + 1n)) {
      const oids = [...new Set([...records].map(({ oid }) => oid))];
      if (status === "p") expect(toldTids.get(tid)).toEqual(expect.arrayContaining(oids));
      else expect(toldTids.get(tid)).toEqual(oids);
      toldTids.delete(tid);
    }
    // What is told and not in the file has been packed away.
    const newestPacked = [...whole.iterate()].findLast(({ status }) => status === "p")?.tid ?? 0n;
    for (const tid of toldTids.keys()) expect(tid).toBeLessThan(newestPacked);
    expect(toldTids.size > 0).toBe(packs > 0);
    expect(writer.packs() > 1).toBe(packs > 0);
    // Every state that was ever seen is still to be had, packs notwithstanding.
    for (const { oid, at, digest: then } of seen) expect(digest(storage, oid, at)).toBe(then);
    expect(told.length).toBeGreaterThan(50);
  });
});

async function withCommits(dir: TemporaryDirectory, count: number): Promise<string> {
  const path = dir.file("Data.fs");
  await using storage = await openFileStorage(path, { readOnly: false, create: true });
  for (let i = 0; i < count; i++) commit(storage, `state ${i}`);
  return path;
}

function commit(storage: FileStorage, text: string): Tid {
  const txn = storage.begin(transactionMeta());
  txn.store(0n, storage.lastTid(), Buffer.from(text));
  return txn.finish();
}

test("a voted transaction is not seen until it is finished, nor one that is cut off", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  await using reader = await openFileStorage(path);
  await using writer = await openFileStorage(path, { readOnly: false });
  const head = reader.lastTid();
  for (const finish of [false, true]) {
    const txn = writer.begin(transactionMeta());
    txn.store(0n, head, Buffer.from(`finish: ${finish}`));
    txn.vote();
    expect(readable(reader, 1000)).toBe(true);
    expect(reader.poll()).toEqual([]);
    if (finish) txn.finish();
    else txn.abort();
  }
  expect(readable(reader, 1000)).toBe(true);
  expect(reader.poll()).toEqual([{ tid: writer.lastTid(), oids: [0n] }]);
  expect(Buffer.from(reader.loadBefore(0n, reader.lastTid() + 1n)?.data ?? []).toString()).toBe("finish: true");
  expect(readable(reader, 0)).toBe(false);
});

test("half a transaction is waited for", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 3);
  const file = readFileSync(path);
  const [, , last] = await places(path);
  const part = dir.file("part.fs");
  writeFileSync(part, file.subarray(0, last));
  await using reader = await openFileStorage(part);
  for (const cut of [1, 10, 22, 23, 40, file.length - (last ?? 0) - 1]) {
    writeFileSync(part, file.subarray(0, (last ?? 0) + cut));
    expect(reader.poll()).toEqual([]);
  }
  writeFileSync(part, file);
  expect(reader.poll()).toHaveLength(1);
});

/** Where the transactions start. */
async function places(path: string): Promise<number[]> {
  await using storage = await openFileStorage(path);
  return [...transactionsFrom(storage.generation, 4)].map(({ offset }) => offset);
}

test("junk behind the newest transaction is damage, and stays so", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  await using reader = await openFileStorage(path);
  appendFileSync(path, Buffer.alloc(10, "junk"));
  expect(reader.poll()).toEqual([]); // Too short to tell.
  appendFileSync(path, Buffer.alloc(200, "junk"));
  expect(() => reader.poll()).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
  expect(() => reader.poll()).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
  expect(reader.loadBefore(0n, reader.lastTid() + 1n)?.serial).toBe(reader.lastTid());
});

test("what a crash left before the file was opened is no damage: its next writer cuts it off", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  appendFileSync(path, Buffer.alloc(200, "junk"));
  await using reader = await openFileStorage(path);
  expect(reader.poll()).toEqual([]);
  await using writer = await openFileStorage(path, { readOnly: false });
  const tid = commit(writer, "after the crash");
  expect(reader.poll()).toEqual([{ tid, oids: [0n] }]);
});

test("a file cut off below its newest transaction, or overwritten there, is damage", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 3);
  await using reader = await openFileStorage(path);
  const file = readFileSync(path);
  const [, , last] = await places(path);
  truncateSync(path, last);
  expect(() => reader.poll()).toThrow(expect.objectContaining({ code: "EDAMAGED" }));

  writeFileSync(path, file);
  await using second = await openFileStorage(path);
  writeFileSync(path, Buffer.concat([file.subarray(0, last), Buffer.alloc(1000)]));
  expect(() => second.poll()).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
});

test("a file that was renamed away is served on, and followed", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  await using reader = await openFileStorage(path);
  await using writer = await openFileStorage(path, { readOnly: false });
  const txn = writer.begin(transactionMeta());
  txn.store(0n, writer.lastTid(), Buffer.from("voted before"));
  txn.vote();
  renameSync(path, dir.file("elsewhere.fs"));
  expect(reader.poll()).toEqual([]);
  const tid = txn.finish();
  expect(reader.poll()).toEqual([{ tid, oids: [0n] }]);
  expect(Buffer.from(reader.loadBefore(0n, tid + 1n)?.data ?? []).toString()).toBe("voted before");
});

test("an older state of the database in its place is damage", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  copyFileSync(path, dir.file("backup.fs"));
  {
    await using writer = await openFileStorage(path, { readOnly: false });
    commit(writer, "newer");
  }
  await using reader = await openFileStorage(path);
  renameSync(dir.file("backup.fs"), path);
  expect(readable(reader, 1000)).toBe(true);
  expect(() => reader.poll()).toThrow(expect.objectContaining({ code: "EDAMAGED" }));
  expect(reader.loadBefore(0n, reader.lastTid() + 1n)?.data.toString()).toBe("newer");
});

test("a link in the place of the file is followed to where it points", async () => {
  using dir = temporaryDirectory();
  const path = await withCommits(dir, 2);
  renameSync(path, dir.file("real.fs"));
  symlinkSync(dir.file("real.fs"), path);
  await using reader = await openFileStorage(path);
  await using writer = await openFileStorage(dir.file("real.fs"), { readOnly: false });
  const tid = commit(writer, "through the link");
  expect(readable(reader, 1000)).toBe(true);
  expect(reader.poll()).toEqual([{ tid, oids: [0n] }]);
});
