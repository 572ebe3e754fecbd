import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Content, Format, TestDatabase } from "./harness/database.ts";
import { havePython, PYTHON } from "./harness/json-child.ts";
import { expectAsInDatabase } from "./harness/oracle.ts";
import type { World } from "./harness/world.ts";
import { makeWorld } from "./harness/world.ts";

const run = promisify(execFile);

interface Followed {
  readonly torn: number;
  readonly reads: number;
  readonly samples: readonly (readonly [tid: string, blk: number, number: number])[];
}

async function follow(world: World, blocks: number, seconds: number, how: "read" | "mmap"): Promise<Followed> {
  const script = fileURLToPath(new URL("./python/follower.py", import.meta.url));
  const args = [script, world.server.mountpoint, world.file, world.blksize, blocks, seconds, how].map(String);
  const { stdout } = await run(PYTHON, args, {
    timeout: 1000 * seconds + 60_000,
    killSignal: "SIGKILL",
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout) as Followed;
}

/** A counter of the server's metrics. */
async function counter(world: World, name: string): Promise<number> {
  const metrics = await world.reader.text(".wcfs/metrics");
  return Number(new RegExp(`^wcfs_${name} (\\d+)$`, "m").exec(metrics)?.[1]);
}

/** The least number a read of the block may give once head has shown the transaction. */
function leastNumber(tids: readonly string[], shown: string, blk: number, blocks: number): number {
  for (let number = tids.length; number > 0; number--) {
    if ((tids[number - 1] ?? "") <= shown && number % blocks === blk) return number;
  }
  return 0;
}

test.skipIf(!havePython).each([
  ["ZBlk0", 65_536, 0],
  ["ZBlk1", 65_536, 0],
  ["ZBlk0", 8192, 500],
] as const)(
  "readers of %s blocks of %d bytes see neither torn nor stale pages while commits go on",
  async (format, blksize, rate) => {
    const blocks = 8;
    await using world = await makeWorld(blksize, {
      prepare: (db, file) => {
        const first = Object.fromEntries(
          Array.from({ length: blocks }, (_, blk) => [blk, { hex: "00".repeat(blksize) }]),
        );
        return db.write(file, { ...first, [blocks - 1]: { hex: "01".repeat(blksize) } }, format);
      },
    });
    const { database, file } = world;
    const seconds = 5;
    const storm = database.run<{ tids: string[]; seconds: number }>("storm", {
      file,
      blocks: Array.from({ length: blocks }, (_, blk) => blk),
      count: 1000,
      length: blksize,
      per_second: rate,
      format,
    });
    const followed = await Promise.all(
      (["read", "mmap", "read", "mmap"] as const).map((how) => follow(world, blocks, seconds, how)),
    );
    const { tids, seconds: took } = await storm;
    await world.headReaches(tids.at(-1) ?? "");
    for (const { torn, reads, samples } of followed) {
      expect(torn).toBe(0);
      expect(reads).toBeGreaterThan(100);
      const stale = samples.filter(([shown, blk, number]) => number < leastNumber(tids, shown, blk, blocks));
      expect(stale).toEqual([]);
    }
    await expectAsInDatabase(world, file);
    // On a machine too busy for 150 a second there is no storm.
    const isStorm = rate > 0 && tids.length / took > 300;
    if (isStorm) expect(await counter(world, "blocks_pushed_total")).toBeGreaterThan(0);
  },
  240_000,
);

/** A reproducible stream of numbers in [0, n). */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % n;
  };
}

test.skipIf(!havePython).each([1, 2])(
  "random changes, undo and packs are shown as they are in the database, at every moment (seed %d)",
  async (seed) => {
    const blksize = 16_384;
    await using world = await makeWorld(blksize);
    const { database, file } = world;
    const other = (await database.create(blksize)).oid;
    const roll = dice(seed);
    let tids: string[] = [];
    const pick = () => (roll(3) === 0 ? other : file);
    const content = (): Content => ({ random: roll(1e6), length: 1 + roll(blksize), at: 0 });
    const format = (): Format => (roll(2) === 0 ? "ZBlk0" : "ZBlk1");
    const change = async (): Promise<string> => {
      const kind = roll(12);
      if (kind === 0) return (await database.run("undo", { count: 1 + roll(2) })).tid;
      if (kind === 1) return (await database.run("touch_other")).tid;
      const oid = pick();
      const present = Object.keys((await database.digest(oid)).blocks).map(Number);
      if (kind === 2 && present.length > 2)
        return (await database.run("delete", { file: oid, blocks: present.slice(-1 - roll(2)) })).tid;
      if (kind === 3 && present.length > 0) {
        const source_blk = present[roll(present.length)];
        return (await database.run("link", { file: pick(), blk: roll(40), source: oid, source_blk })).tid;
      }
      const blocks = Object.fromEntries(Array.from({ length: 1 + roll(4) }, () => [roll(40), content()]));
      return database.write(oid, blocks, format());
    };
    for (let step = 0; step < 60; step++) {
      tids.push(await change());
      if (roll(20) === 0) {
        await database.run("pack");
        tids = tids.slice(-1);
      }
      await world.headReaches(tids.at(-1) ?? "");
      for (const oid of [file, other]) await expectAsInDatabase(world, oid);
    }
    for (const tid of tids) for (const oid of [file, other]) await expectAsInDatabase(world, oid, tid);
  },
);

test.skipIf(!havePython)("what is cached and unchanged is read without asking the server", async () => {
  const prepare = (db: TestDatabase, file: string) => db.write(file, { 3: { random: 1, length: 65_536 } });
  await using world = await makeWorld(65_536, { prepare });
  const { reader, file, database } = world;
  const reads = () => counter(world, "reads_total");
  await expectAsInDatabase(world, file);
  const before = await reads();
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) {
    await world.headReaches((await database.run("touch_other")).tid);
    await expectAsInDatabase(world, file);
  }
  expect(await reader.cached(`head/bigfile/${file}`, 65_536)).toEqual([1, 1, 1, 1]);
  expect(await reads()).toBe(before);
});
