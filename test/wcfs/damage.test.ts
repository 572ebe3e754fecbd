import { closeSync, copyFileSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { encodeRecord, formatTid, openStorage, sniffClass, transactionMeta } from "@belay/zodb";
import { expect, test } from "vitest";
import { havePython } from "./harness/json-child.ts";
import { makeWorld, scratch } from "./harness/world.ts";

const BLK = 65536;
/** Bytes of a data record before its data. */
const RECORD_HEADER = 42;

/** Overwrites bytes of the database behind everybody's back. */
function damage(path: string, offset: number, bytes: Buffer): void {
  const fd = openSync(path, "r+");
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

test.skipIf(!havePython)(
  "a damaged record is EIO for those who need it and nobody else, and heals when written anew",
  async () => {
    await using world = await makeWorld(BLK, {
      prepare: async (db, file) => {
        await db.write(file, {
          0: { random: 1, length: BLK },
          1: { random: 2, length: BLK },
          2: { random: 3, length: BLK },
        });
        await db.write(file, { 3: { random: 4, length: BLK } }, "ZBlk1");
      },
    });
    const { database, reader, file } = world;
    const head = `head/bigfile/${file}`;
    const errno = (offset: number) => reader.errnoOf((r) => r.pread(head, offset, 4096));
    const { offset } = await database.run<{ offset: number }>("where", { file, blk: 1 });
    damage(database.path, offset + RECORD_HEADER, Buffer.from("broken!!"));
    const chunk = await database.run<{ offset: number }>("where", { file, blk: 3, chunk: 8192 });
    damage(database.path, chunk.offset + RECORD_HEADER, Buffer.from("broken!!"));

    expect(await errno(BLK)).toBe("EIO");
    expect(await errno(BLK)).toBe("EIO");
    expect(await errno(3 * BLK + 8192)).toBe("EIO");
    for (const good of [0, 2 * BLK, 3 * BLK, 3 * BLK + 4096, 3 * BLK + 12_288])
      expect([good, await errno(good)]).toEqual([good, "ok"]);
    await expect.poll(() => world.server.stderr().match(/^E.*read #1:/gm)).toHaveLength(1);

    await world.headReaches(await database.write(file, { 1: { text: "healed" }, 2: { text: "too" } }));
    expect((await reader.pread(head, BLK, 6)).toString()).toBe("healed");
    expect((await reader.pread(head, 2 * BLK, 3)).toString()).toBe("too");
  },
);

test.skipIf(!havePython)("a length far beyond the file is EIO, not the end of the server", async () => {
  await using world = await makeWorld(BLK, {
    prepare: (db, file) => db.write(file, { 0: { text: "a" }, 1: { text: "b" } }),
  });
  const { database, reader, file } = world;
  const { offset } = await database.run<{ offset: number }>("where", { file, blk: 1 });
  damage(database.path, offset + RECORD_HEADER - 8, Buffer.from("00ffffffffffffff", "hex"));
  const head = `head/bigfile/${file}`;
  expect(await reader.errnoOf((r) => r.pread(head, BLK, 10))).toBe("EIO");
  expect((await reader.pread(head, 0, 1)).toString()).toBe("a");
});

test.skipIf(!havePython)(
  "what is no block, or too large for one, is EIO; odd but sound tables of chunks are read",
  async () => {
    await using world = await makeWorld(BLK);
    const { database, reader, file } = world;
    const head = `head/bigfile/${file}`;
    await database.run("put_anything", { file, blk: 0 });
    await database.write(file, { 1: { random: 1, length: BLK + 1 } });
    await database.run("chunks", {
      file,
      blk: 2,
      chunks: { 100: { text: "x".repeat(50) }, 149: { text: "overlap" }, 5000: { text: "ok" } },
    });
    await database.run("chunks", { file, blk: 3, chunks: { 7: { text: "odd" }, 60_000: { random: 1, length: 5536 } } });
    await database.run("chunks", { file, blk: 4, chunks: { 65_530: { text: "too long" } } });
    const { tid } = await database.run("chunks", { file, blk: 5, chunks: {} });
    await world.headReaches(tid);
    const errno = (offset: number) => reader.errnoOf((r) => r.run("touch", { path: head, offset }));
    const pread = (offset: number) => reader.errnoOf((r) => r.pread(head, offset, 4096));
    expect(await pread(0)).toBe("EIO");
    expect(await pread(BLK)).toBe("EIO");
    expect(await pread(2 * BLK)).toBe("EIO");
    expect(await pread(4 * BLK + 61_440)).toBe("EIO");
    expect(await errno(3 * BLK + 8)).toBe("ok");
    expect((await reader.pread(head, 3 * BLK, 12)).toString("latin1")).toBe("\0\0\0\0\0\0\0odd\0\0");
    expect(await reader.pread(head, 5 * BLK, 10)).toEqual(Buffer.alloc(10));
  },
);

/** The bytes of a transaction that would give the file's only block another content, on top of what the database has. */
async function transactionOnTop(path: string, content: string): Promise<{ tail: Buffer; tid: string }> {
  using directory = scratch();
  const copy = join(directory.path, "copy.fs");
  copyFileSync(path, copy);
  const before = statSync(copy).size;
  await using storage = await openStorage(`file://${copy}`, { readOnly: false });
  const records = [...storage.iterate()].flatMap((transaction) => [...transaction.records]);
  const block = records.find(({ data }) => data !== undefined && sniffClass(data)?.name === "ZBlk0");
  if (block?.data === undefined) throw new Error(`${path} has no ZBlk0`);
  const transaction = storage.begin(transactionMeta());
  const cls = { module: "wendelin.bigfile.file_zodb", name: "ZBlk0" };
  transaction.store(block.oid, block.tid, encodeRecord(cls, Buffer.from(content)));
  const tid = transaction.finish();
  return { tail: readFileSync(copy).subarray(before), tid: formatTid(tid) };
}

test.skipIf(!havePython)("a torn or unfinished tail is not seen, and head goes on when it is finished", async () => {
  await using world = await makeWorld(BLK, { prepare: (db, file) => db.write(file, { 0: { text: "a" } }) });
  const { database, reader, file } = world;
  const before = await reader.text("head/at");
  const firstByte = async () => (await reader.pread(`head/bigfile/${file}`, 0, 1)).toString();
  const { tail, tid } = await transactionOnTop(database.path, "b");
  const end = statSync(database.path).size;
  const statusAt = 16;
  const unfinished = Buffer.from(tail);
  unfinished.write("c", statusAt);

  // As a writer leaves it that dies in the middle, and then one that dies between its two phases.
  for (const part of [unfinished.subarray(0, 10), unfinished.subarray(0, tail.length - 5), unfinished]) {
    damage(database.path, end, part);
    await setTimeout(300);
    expect(await reader.text("head/at")).toBe(before);
    expect(await firstByte()).toBe("a");
  }
  damage(database.path, end + statusAt, Buffer.from(" "));
  await world.headReaches(tid);
  expect(await firstByte()).toBe("b");
});
