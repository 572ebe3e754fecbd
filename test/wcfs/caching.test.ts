import { expect, test } from "vitest";
import { havePython } from "./harness/json-child.ts";
import { expectAsInDatabase } from "./harness/oracle.ts";
import type { World } from "./harness/world.ts";
import { makeWorld } from "./harness/world.ts";

const BLK = 2 << 20;

/** Commits and waits until head shows it. */
async function commit(world: World, blocks: Record<number, string>): Promise<string> {
  const contents = Object.fromEntries(Object.entries(blocks).map(([blk, text]) => [blk, { text }]));
  const tid = await world.database.write(world.file, contents);
  await world.headReaches(tid);
  return tid;
}

test.skipIf(!havePython)(
  "a block becomes cached as a whole after a part was read, and no other block does",
  async () => {
    await using world = await makeWorld(BLK);
    const { reader, file } = world;
    const head = `head/bigfile/${file}`;
    await commit(world, { 0: "a", 1: "b", 2: "c", 3: "d" });
    expect(await reader.cached(head, BLK)).toEqual([0, 0, 0, 0]);
    await reader.touch(head, 2 * BLK + 123_456);
    expect(await reader.cachedBecomes(head, BLK, [0, 0, 1, 0])).toEqual([0, 0, 1, 0]);
    await reader.touch(head, 4 * BLK - 1);
    expect(await reader.cachedBecomes(head, BLK, [0, 0, 1, 1])).toEqual([0, 0, 1, 1]);
  },
);

test.skipIf(!havePython)(
  "a commit drops what it changed from the cache, nothing else, and keeps the old block under its revision",
  async () => {
    await using world = await makeWorld(BLK);
    const { reader, file } = world;
    const head = `head/bigfile/${file}`;
    const cached = (path: string, expected: number[]) =>
      reader.cachedBecomes(path, BLK, expected).then((got) => expect({ path, got }).toEqual({ path, got: expected }));
    const readAll = async (count: number) => {
      for (let blk = 0; blk < count; blk++) await reader.touch(head, blk * BLK);
    };

    const at1 = await commit(world, { 2: "c1" });
    expect(await reader.stat(head)).toMatchObject({ size: 3 * BLK });
    await cached(head, [0, 0, 0]);
    await readAll(3);
    await cached(head, [1, 1, 1]);

    const at2 = await commit(world, { 2: "c2", 3: "d2", 5: "f2" });
    await cached(head, [1, 1, 0, 0, 0, 0]);
    const old = `@${at1}/bigfile/${file}`;
    await cached(old, [0, 0, 1]);
    expect((await reader.pread(old, 2 * BLK, 3)).toString()).toBe("c1\0");
    await expectAsInDatabase(world, file, at1);

    await reader.touch(head, 2 * BLK);
    await reader.touch(head, 3 * BLK);
    await cached(head, [1, 1, 1, 1, 0, 0]);
    await commit(world, { 0: "a3", 2: "c3", 5: "f3" });
    await cached(head, [0, 1, 0, 1, 0, 0]);
    await cached(`@${at2}/bigfile/${file}`, [0, 0, 1, 0, 0, 0]);
    await reader.open(head);
    await cached(head, [0, 1, 0, 1, 0, 0]);
    for (const at of [at2, undefined]) await expectAsInDatabase(world, file, at);
  },
);

test.skipIf(!havePython)("a hole that becomes a block is dropped from the cache", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file } = world;
  const head = `head/bigfile/${file}`;
  await commit(world, { 2: "c1" });
  for (const blk of [0, 1, 2]) await reader.touch(head, blk * BLK);
  expect(await reader.cachedBecomes(head, BLK, [1, 1, 1])).toEqual([1, 1, 1]);
  await commit(world, { 1: "b2" });
  expect(await reader.cached(head, BLK)).toEqual([1, 0, 1]);
  expect((await reader.pread(head, BLK, 3)).toString()).toBe("b2\0");
});

test.skipIf(!havePython)("growth is seen by the very next fstat, and leaves the cache alone", async () => {
  await using world = await makeWorld(BLK);
  const { reader, file } = world;
  const head = `head/bigfile/${file}`;
  await commit(world, { 1: "b" });
  const fd = await reader.open(head);
  for (const blk of [0, 1]) await reader.touch(head, blk * BLK);
  // The first push waits for the thread that does it, which starts when the mount is there already.
  expect(await reader.cachedBecomes(head, BLK, [1, 1])).toEqual([1, 1]);
  for (const blk of [5, 9, 12]) {
    await commit(world, { [blk]: "new" });
    expect((await reader.run<{ size: number }>("stat", { fd })).size).toBe((blk + 1) * BLK);
    expect((await reader.cached(head, BLK)).slice(0, 2)).toEqual([1, 1]);
  }
});

test.skipIf(!havePython)(
  "mtime is the moment of the last commit that changed the file, to the microsecond",
  async () => {
    await using world = await makeWorld(BLK);
    const { reader, file, database } = world;
    const head = `head/bigfile/${file}`;
    const mtime = async () => BigInt((await reader.stat(head)).mtimeNs);
    expect(await mtime()).toBe(tidTime(world.at0));
    const tid = await commit(world, { 0: "a" });
    expect(await mtime()).toBe(tidTime(tid));
    const { tid: other } = await database.run("touch_other");
    await world.headReaches(other);
    expect(await mtime()).toBe(tidTime(tid));
    expect(BigInt((await reader.stat("head")).mtimeNs)).toBe(tidTime(other));
  },
);

/** Nanoseconds since 1970 of a tid, rounded to the microsecond. */
function tidTime(tid: string): bigint {
  const minutes = Number.parseInt(tid.slice(0, 8), 16);
  const [minute, hours] = [minutes % 60, Math.floor(minutes / 60)];
  const [hour, days] = [hours % 24, Math.floor(hours / 24)];
  const [day, months] = [days % 31, Math.floor(days / 31)];
  const start = BigInt(Date.UTC(1900 + Math.floor(months / 12), months % 12, day + 1, hour, minute)) * 1_000_000n;
  const nanoseconds = start + ((BigInt(`0x${tid.slice(8)}`) * 60_000_000_000n) >> 32n);
  return ((nanoseconds + 500n) / 1000n) * 1000n;
}
