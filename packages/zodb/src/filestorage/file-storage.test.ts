import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { AT_FDCWD, mknodat } from "@belay/linux";
import { describe, expect, test } from "vitest";
import { MAX_TID } from "../ids/tid.ts";
import { transactionMeta } from "../storage.ts";
import { havePython } from "../testing/python.ts";
import { openFileStorage } from "./open.ts";
import { readAt } from "./read-at.ts";
import { makeRich, ourContents, pythonContents, temporaryDirectory } from "./testing/python-database.ts";

describe.runIf(havePython)("a database made by Python", () => {
  test("is read as Python reads it: every record, at every moment", { timeout: 120_000 }, async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    makeRich(path, { tree: 400, pack: false });
    const theirs = pythonContents(path, 1000, 60);
    await using storage = await openFileStorage(path);
    expect(ourContents(storage, theirs)).toEqual(theirs);
    expect(theirs.loads.length).toBeGreaterThan(5000);
  });

  test(
    "with a pack in its middle and a tree of 40 000 objects is read as Python reads it",
    { timeout: 300_000 },
    async () => {
      using dir = temporaryDirectory();
      const path = dir.file("Data.fs");
      makeRich(path, { tree: 40_000, pack: true });
      const theirs = pythonContents(path, 8, 400);
      await using storage = await openFileStorage(path);
      expect(ourContents(storage, theirs)).toEqual(theirs);
      expect(theirs.transactions.filter(({ status }) => status === "p").length).toBeGreaterThan(10);
    },
  );

  test("tells where the bytes of a revision lie", async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    makeRich(path, { tree: 10, pack: false });
    const theirs = pythonContents(path, 20, 40);
    await using storage = await openFileStorage(path);
    let compared = 0;
    for (const [oid, before, found] of theirs.loads) {
      if (!Array.isArray(found)) continue;
      const [o, b] = [BigInt(`0x${oid}`), BigInt(`0x${before}`)];
      const extent = storage.locateBefore(o, b);
      const revision = storage.loadBefore(o, b);
      if (extent === undefined || revision === undefined) throw new Error("not found");
      const bytes = Buffer.alloc(extent.length);
      readAt(extent.fd, bytes, bytes.length, extent.offset);
      expect(bytes.equals(revision.data)).toBe(true);
      expect([extent.serial, extent.next]).toEqual([revision.serial, revision.next]);
      expect(Buffer.from(storage.loadSerial(o, revision.serial)).equals(revision.data)).toBe(true);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });

  test("is read backwards, from a moment and up to one", async () => {
    using dir = temporaryDirectory();
    const path = dir.file("Data.fs");
    makeRich(path, { tree: 10, pack: true });
    await using storage = await openFileStorage(path);
    const tids = [...storage.iterate()].map(({ tid }) => tid);
    expect([...storage.iterateBackwards()].map(({ tid }) => tid)).toEqual(tids.toReversed());
    for (const [i, from] of tids.entries()) {
      const to = tids[i + 3] ?? MAX_TID;
      expect([...storage.iterate(from, to)].map(({ tid }) => tid)).toEqual(tids.slice(i, i + 4));
      expect([...storage.iterate(from + 1n, from + 2n)]).toEqual([]);
    }
  });
});

test("a file that is no FileStorage is refused, one that is not there is not made", async () => {
  using dir = temporaryDirectory();
  await expect(openFileStorage(process.execPath)).rejects.toMatchObject({ code: "EFORMAT" });
  await expect(openFileStorage(dir.file("none.fs"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(openFileStorage(dir.file("none.fs"), { readOnly: false })).rejects.toMatchObject({ code: "ENOENT" });
  expect(readdirSync(dir.file(""))).toEqual([]);
});

test("what is no regular file is refused by name, and not waited for", async () => {
  using dir = temporaryDirectory();
  mkdirSync(dir.file("directory"));
  mknodat(AT_FDCWD, dir.file("pipe"), 0o010600);
  for (const name of ["directory", "pipe"]) {
    const refused = { code: "EFORMAT", message: expect.stringContaining(dir.file(name)) as string };
    await expect(openFileStorage(dir.file(name)), name).rejects.toMatchObject(refused);
    await expect(openFileStorage(dir.file(name), { readOnly: false }), name).rejects.toMatchObject(refused);
  }
});

test("a new database is empty and can be read", async () => {
  using dir = temporaryDirectory();
  {
    await using storage = await openFileStorage(dir.file("Data.fs"), { readOnly: false, create: true });
    expect(storage.lastTid()).toBe(0n);
    expect(storage.newOid()).toBe(1n);
  }
  expect(statSync(dir.file("Data.fs")).size).toBe(4);
  await using storage = await openFileStorage(dir.file("Data.fs"));
  expect([...storage.iterate()]).toEqual([]);
  expect(() => storage.loadBefore(0n, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
});

test("a transaction marked as undone, as old files have them, counts for nothing but its tid", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  const tids: bigint[] = [];
  let last = 0;
  {
    await using storage = await openFileStorage(path, { readOnly: false, create: true });
    for (const oid of [1n, 2n]) {
      last = storage.generation.pos;
      const txn = storage.begin(transactionMeta());
      txn.store(oid, 0n, Buffer.from("x"));
      tids.push(txn.finish());
    }
  }
  const file = readFileSync(path);
  file[last + 16] = 0x75;
  writeFileSync(path, file);
  rmSync(`${path}.index`);
  await using storage = await openFileStorage(path);
  expect(storage.lastTid()).toBe(tids[1]);
  expect([...storage.iterate()].map(({ tid }) => tid)).toEqual(tids.slice(0, 1));
  expect(() => storage.loadBefore(2n, MAX_TID)).toThrow(expect.objectContaining({ code: "EPOSKEY" }));
});
