import { expect, test } from "vitest";
import { havePython } from "./harness/json-child.ts";
import { expectAsInDatabase } from "./harness/oracle.ts";
import { makeWorld } from "./harness/world.ts";

const BLK = 65536;

test.skipIf(!havePython)(
  "a file shows its blocks, holes and short blocks filled with zeros, at head and at revisions",
  async () => {
    await using world = await makeWorld(BLK);
    const { database, reader, file, at0 } = world;
    const head = `head/bigfile/${file}`;
    expect(await reader.stat(head)).toMatchObject({ size: 0, blksize: BLK });

    const at1 = await database.write(file, { 2: { text: "c1" } });
    await world.headReaches(at1);
    const at2 = await database.write(
      file,
      { 2: { text: "c2" }, 3: { random: 1, length: BLK }, 5: { random: 2, length: 5000 } },
      "ZBlk1",
    );
    await world.headReaches(at2);

    expect(await reader.stat(head)).toMatchObject({ size: 6 * BLK, blksize: BLK, blocks: 0, mode: 0o100444 });
    for (const at of [at0, at1, at2, undefined]) await expectAsInDatabase(world, file, at);
    expect(await reader.pread(`@${at1}/bigfile/${file}`, 2 * BLK, 4)).toEqual(Buffer.from("c1\0\0"));
  },
);

test.skipIf(!havePython)("reads around the end are short, reads behind it are empty", async () => {
  await using world = await makeWorld(BLK, {
    prepare: (db, file) => db.write(file, { 1: { random: 5, length: BLK } }),
  });
  const { reader, file } = world;
  const size = 2 * BLK;
  for (const path of [`head/bigfile/${file}`, `@${await reader.text("head/at")}/bigfile/${file}`]) {
    for (const before of [4, 3, 2, 1, 0]) expect(await reader.pread(path, size - before, 4)).toHaveLength(before);
    for (const offset of [size + 1, 3 * BLK, 100 * BLK]) expect(await reader.pread(path, offset, 4)).toHaveLength(0);
  }
});

test.skipIf(!havePython)("a block size that is no multiple of the page size is read and grows correctly", async () => {
  const blksize = 3000;
  await using world = await makeWorld(blksize, {
    prepare: (db, file) => db.write(file, { 0: { random: 1, length: blksize } }),
  });
  const { reader, database, file } = world;
  await expectAsInDatabase(world, file);
  for (let blk = 1; blk < 8; blk++) {
    const tid = await database.write(file, { [blk]: { random: blk, length: blksize } }, blk % 2 ? "ZBlk1" : "ZBlk0");
    await world.headReaches(tid);
    await expectAsInDatabase(world, file);
  }
  // The kernel keeps only a power of two.
  expect((await reader.stat(`head/bigfile/${file}`)).blksize).toBe(2048);
});

test.skipIf(!havePython)("block objects may be shared, moved and removed, and the tree may shrink", async () => {
  await using world = await makeWorld(BLK);
  const { database, file } = world;
  const other = (await database.create(BLK)).oid;
  const tids: string[] = [];
  const step = async (tid: Promise<string | { tid: string }>) => {
    const got = await tid;
    tids.push(typeof got === "string" ? got : got.tid);
    await world.headReaches(tids.at(-1) ?? "");
    for (const oid of [file, other]) await expectAsInDatabase(world, oid);
  };
  await step(
    database.write(
      file,
      Object.fromEntries(Array.from({ length: 200 }, (_, blk) => [blk, { random: blk, length: 100 }])),
    ),
  );
  await step(database.run("link", { file: other, blk: 3, source: file, source_blk: 7 }));
  await step(database.run("link", { file, blk: 201, source: file, source_blk: 7 }));
  await step(database.write(file, { 7: { text: "shared" } }));
  await step(database.run("delete", { file, blocks: [0, 5, 201, 199, 198] }));
  await step(database.write(file, { 0: { random: 9, length: BLK } }, "ZBlk1"));
  await step(database.run("delete", { file, blocks: Array.from({ length: 150 }, (_, i) => 10 + i) }));
  await step(database.run("clear", { file }));
  await step(database.write(file, { 300: { text: "again" } }));
  await step(database.run("undo", { count: 2 }));
  for (const tid of tids) for (const oid of [file, other]) await expectAsInDatabase(world, oid, tid);
});

test.skipIf(!havePython)("after a pack by the writer head goes on", async () => {
  await using world = await makeWorld(BLK);
  const { database, reader, file } = world;
  for (let i = 0; i < 5; i++)
    await database.write(file, { [i]: { random: i, length: BLK } }, i % 2 ? "ZBlk1" : "ZBlk0");
  await world.headReaches(await reader.text("head/at"));
  await expectAsInDatabase(world, file);
  for (let i = 0; i < 4; i++) {
    await database.run("pack");
    await expectAsInDatabase(world, file);
    await world.headReaches(await database.write(file, { [i + 3]: { random: 50 + i, length: 777 } }));
    await expectAsInDatabase(world, file);
  }
});
