import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mount, umount2 } from "@belay/linux";
import { describe, expect, test } from "vitest";
import { formatTid, MAX_TID, type Tid } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import { havePython, python, pythonJson } from "../testing/python.ts";
import type { FileStorage } from "./file-storage.ts";
import { openFileStorage } from "./open.ts";
import {
  makeRich,
  ourContents,
  pythonContents,
  temporaryDirectory,
  type TemporaryDirectory,
} from "./testing/python-database.ts";
import { startPythonWriter } from "./testing/python-writer.ts";

const KILLS = Number(process.env["BELAY_KILLS"] ?? "10");

/** A record of a persistent mapping with nothing in it; what follows the second pickle is passed over. */
function record(padding = 0): Buffer {
  const pickles = Buffer.from("\x80\x03cpersistent.mapping\nPersistentMapping\n.\x80\x03}U\x04dataq\x00}s.", "latin1");
  return Buffer.concat([pickles, Buffer.alloc(padding)]);
}

function serialOf(storage: FileStorage, oid: bigint): Tid {
  return storage.loadBefore(oid, MAX_TID)?.serial ?? 0n;
}

const open = (path: string) => openFileStorage(path, { readOnly: false, create: true });

test("a transaction is seen as a whole, with what it says about itself", async () => {
  using dir = temporaryDirectory();
  await using storage = await open(dir.file("Data.fs"));
  const txn = storage.begin(transactionMeta({ user: "me", description: "first", extension: Buffer.from("}.") }));
  const oids = [0n, storage.newOid(), storage.newOid()];
  for (const oid of oids) txn.store(oid, 0n, record());
  expect(storage.lastTid()).toBe(0n);
  const tid = txn.finish();
  expect(storage.lastTid()).toBe(tid);
  const [transaction] = [...storage.iterate()];
  expect(transaction).toMatchObject({ tid, status: " ", user: Buffer.from("me"), description: Buffer.from("first") });
  expect([...(transaction?.records ?? [])].map(({ oid }) => oid)).toEqual(oids);
  expect(storage.poll()).toEqual([]);
});

test("no new oid is given twice, stored or not, nor one below those that are stored", async () => {
  using dir = temporaryDirectory();
  await using storage = await open(dir.file("Data.fs"));
  expect([storage.newOid(), storage.newOid()]).toEqual([1n, 2n]);
  const txn = storage.begin(transactionMeta());
  txn.store(7n, 0n, record());
  txn.finish();
  expect([storage.newOid(), storage.newOid()]).toEqual([8n, 9n]);
});

test("an object that changed meanwhile is a conflict, which can be merged", async () => {
  using dir = temporaryDirectory();
  await using storage = await open(dir.file("Data.fs"));
  const first = storage.begin(transactionMeta());
  first.store(0n, 0n, record());
  const tid = first.finish();
  const txn = storage.begin(transactionMeta());
  expect(() => txn.store(0n, 0n, record())).toThrow(
    expect.objectContaining({ code: "ECONFLICT", tried: 0n, current: tid }),
  );
  expect(() => txn.checkCurrentSerial(0n, 1n)).toThrow(expect.objectContaining({ code: "EREADCONFLICT" }));
  expect(() => storage.begin(transactionMeta())).toThrow(expect.objectContaining({ code: "ESTATE" }));
  txn.checkCurrentSerial(0n, tid);
  txn.store(0n, tid, record(1));
  txn.finish();
  expect(storage.history(0n, 5).map(({ size }) => size)).toEqual([record().length + 1, record().length]);
});

test("a deleted object is gone from then on", async () => {
  using dir = temporaryDirectory();
  await using storage = await open(dir.file("Data.fs"));
  const make = storage.begin(transactionMeta());
  make.store(1n, 0n, record());
  const made = make.finish();
  const remove = storage.begin(transactionMeta());
  remove.store(1n, made, undefined);
  const removed = remove.finish();
  expect(storage.loadBefore(1n, removed)?.next).toBe(removed);
  expect(() => storage.loadBefore(1n, removed + 1n)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
});

test("what is aborted, before or after its vote, leaves no byte", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  await using storage = await open(path);
  const first = storage.begin(transactionMeta());
  first.store(0n, 0n, record());
  const tid = first.finish();
  const before = readFileSync(path);
  for (const vote of [false, true]) {
    const txn = storage.begin(transactionMeta());
    txn.store(0n, tid, record(5000));
    if (vote) txn.vote();
    txn.abort();
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(() => txn.finish()).toThrow(expect.objectContaining({ code: "ESTATE" }));
  }
  expect(serialOf(storage, 0n)).toBe(tid);
});

test("a large transaction goes through a scratch file", async () => {
  using dir = temporaryDirectory();
  await using storage = await open(dir.file("Data.fs"));
  const txn = storage.begin(transactionMeta());
  const block = Buffer.alloc(2 << 20);
  for (let i = 0n; i < 40n; i++) {
    block.fill(Number(i));
    txn.store(i, 0n, block);
  }
  expect(statSync(dir.file("Data.fs.tmp")).size).toBeGreaterThan(32 << 20);
  txn.finish();
  for (let i = 0n; i < 40n; i++)
    expect(storage.loadBefore(i, MAX_TID)?.data.every((byte) => byte === Number(i))).toBe(true);
});

test("a file that somebody else changed is not written", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  await using storage = await open(path);
  const txn = storage.begin(transactionMeta());
  txn.store(0n, 0n, record());
  writeFileSync(path, "FS30 and more");
  expect(() => txn.vote()).toThrow(expect.objectContaining({ code: "ESTATE" }));
  txn.abort();
  expect(readFileSync(path, "utf8")).toBe("FS30 and more");
  writeFileSync(path, "FS30");
});

/** Mounts a file system with room for some kilobytes. */
function tinyFileSystem(directory: string, size: number): TemporaryDirectory {
  mkdirSync(directory);
  mount("none", directory, "tmpfs", 0, `size=${size}`);
  return { file: (name) => join(directory, name), [Symbol.dispose]: () => umount2(directory, 0) };
}

test.runIf(process.getuid?.() === 0)(
  "a full disk leaves the database as it was, and the next commit works",
  async () => {
    using dir = temporaryDirectory();
    using full = tinyFileSystem(dir.file("mnt"), 256 << 10);
    const path = full.file("Data.fs");
    await using storage = await open(path);
    const first = storage.begin(transactionMeta());
    first.store(0n, 0n, record());
    let tid = first.finish();
    for (const size of [258_000, 262_144, 300_000, 1 << 20, 3 << 20]) {
      const before = readFileSync(path);
      const txn = storage.begin(transactionMeta());
      txn.store(0n, tid, record(size));
      expect(() => txn.finish()).toThrow(
        expect.objectContaining({ code: "ENOSPC", message: expect.stringContaining(path) as string }),
      );
      txn.abort();
      expect(readFileSync(path).equals(before)).toBe(true);
      const next = storage.begin(transactionMeta());
      next.store(0n, tid, record());
      tid = next.finish();
      expect(serialOf(storage, 0n)).toBe(tid);
    }
    const many = storage.begin(transactionMeta());
    expect(() => {
      for (let i = 1n; i < 40n; i++) many.store(i, 0n, record(1 << 20));
      many.finish();
    }).toThrow(expect.objectContaining({ code: "ENOSPC" }));
    many.abort();
    expect(serialOf(storage, 0n)).toBe(tid);
  },
);

describe.runIf(havePython)("beside Python", () => {
  test("our commits are opened, iterated, undone, packed and added to by it", async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    makeRich(path, { tree: 50, pack: true });
    {
      await using storage = await open(path);
      for (let i = 0; i < 30; i++) {
        const txn = storage.begin(
          transactionMeta({ user: "/ ours", description: `ours ${i}`, extension: Buffer.from("\x80\x03}.", "latin1") }),
        );
        const oid = i % 3 === 0 ? storage.newOid() : storage.maxOid();
        txn.store(oid, i % 3 === 0 ? 0n : serialOf(storage, oid), record(i));
        if (i % 4 === 0) txn.checkCurrentSerial(0n, serialOf(storage, 0n));
        txn.finish();
      }
      const theirs = pythonContents(path, 20, 60);
      expect(ourContents(storage, theirs)).toEqual(theirs);
    }
    const out = python(
      `
import base64, sys, time, transaction, logging
logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.serialize import referencesf
storage = FileStorage(sys.argv[1])
db = DB(storage)
conn = db.open()
root = conn.root()
log = db.undoLog(0, 3)
assert log[0]["description"] == "ours 29", log
db.undo(log[0]["id"], transaction.get())
transaction.commit()
root["python"] = 1
transaction.commit()
storage.pack(time.time(), referencesf, gc=False)
root["python"] = 2
transaction.commit()
for t in storage.iterator():
    for r in t: pass
db.close()
`,
      { args: [path] },
    );
    expect(out.toString()).toBe("");
    const theirs = pythonContents(path, 20, 80);
    await using storage = await openFileStorage(path);
    expect(storage.generation.indexState).toBe("current");
    expect(ourContents(storage, theirs)).toEqual(theirs);
  });

  test("a writer keeps the other out", async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    const tryPython = () =>
      pythonJson(
        `
import json, logging, sys, zc.lockfile
logging.disable(logging.CRITICAL)
from ZODB.FileStorage import FileStorage
try:
    FileStorage(sys.argv[1]).close()
    print(json.dumps("opened"))
except zc.lockfile.LockError:
    print(json.dumps("locked"))
`,
        { args: [path] },
      );
    {
      await using ours = await open(path);
      expect(tryPython()).toBe("locked");
      expect(readFileSync(`${path}.lock`, "utf8")).toBe(` ${process.pid}\n`);
      await expect(open(path)).rejects.toMatchObject({
        code: "ELOCKED",
        message: expect.stringContaining(`process ${process.pid}`) as string,
      });
      expect(ours.readOnly).toBe(false);
    }
    expect(tryPython()).toBe("opened");
    await using writer = await startPythonWriter(path, { seed: 1, packs: 0 });
    await expect(open(path)).rejects.toMatchObject({
      code: "ELOCKED",
      message: expect.stringContaining(`process ${writer.pid}`) as string,
    });
    await writer.stop();
    await using ours = await open(path);
    expect(ours.lastTid()).not.toBe(0n);
  });

  test("a writer killed at any moment loses nothing that was finished", { timeout: 120_000 }, async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    const finished = new Set<string>();
    for (let round = 0; round < KILLS; round++) {
      for (const tid of await commitAndKill(path, Math.random() * 60)) finished.add(tid);
    }
    const contents = pythonContents(path, 2, 30);
    const there = new Set(contents.transactions.map(({ tid }) => tid));
    for (const tid of finished) expect(there.has(tid)).toBe(true);
    expect(finished.size).toBeGreaterThan(KILLS);
    await using storage = await open(path);
    // At most one more for each kill: finished, and not told any more.
    const last = [...storage.iterate()].map(({ tid }) => formatTid(tid));
    expect(last.filter((tid) => !finished.has(tid)).length).toBeLessThanOrEqual(KILLS);
  });
});

/** Runs a committer for some time, then kills it. @returns what it had finished */
async function commitAndKill(path: string, ms: number): Promise<string[]> {
  const program = fileURLToPath(new URL("testing/committer.ts", import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  await once(child.stdout, "data");
  await sleep(ms);
  child.kill("SIGKILL");
  await once(child, "close");
  return out.split("\n").filter((line) => line.length === 16);
}
