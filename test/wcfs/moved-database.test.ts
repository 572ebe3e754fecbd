import { readFileSync, truncateSync } from "node:fs";
import { expect, test } from "vitest";
import { lockDeadMounts } from "../dead-mounts.ts";
import type { Digest } from "./harness/database.ts";
import { havePython } from "./harness/json-child.ts";
import { allBlocks, expectAsInDatabase } from "./harness/oracle.ts";
import type { World } from "./harness/world.ts";
import { makeWorld } from "./harness/world.ts";

/** So large that a READ of it is answered right from the file. */
const BLK = 1 << 20;

/** What the server has mapped of databases: a page of a file that was cut off would be its end. */
function mapped({ server }: World): string[] {
  const maps = readFileSync(`/proc/${server.pid}/maps`, "latin1").split("\n");
  return maps.filter((line) => line.includes("data.fs"));
}

test.skipIf(!havePython)("large blocks are read right through packs, of head and of moments before them", async () => {
  await using world = await makeWorld(BLK);
  const { database, reader, file } = world;
  const moments: { readonly at: string; readonly digest: Digest }[] = [];
  for (let round = 1; round <= 5; round++) {
    const random = (seed: number) => ({ random: seed, length: BLK - round });
    const at = await database.write(file, { 0: random(round), [round]: random(100 + round) });
    await world.headReaches(at);
    await expectAsInDatabase(world, file);
    moments.push({ at, digest: await database.digest(file) });
    await database.run("pack");
    await world.headReaches((await database.run("touch_other")).tid);

    await reader.run("drop", { path: `head/bigfile/${file}` });
    await expectAsInDatabase(world, file);
    // Moments before the last two packs are in files that are kept.
    for (const { at, digest } of moments.slice(-2)) {
      const path = `@${at}/bigfile/${file}`;
      await reader.run("drop", { path });
      expect(await reader.blocks(path, BLK)).toEqual({ size: digest.size, blocks: allBlocks(digest) });
    }
    expect(mapped(world)).toEqual([]);
  }
});

test.skipIf(!havePython)(
  "a database that is cut off under its readers gives them errors, and ends the server in order",
  async () => {
    using _doctors = await lockDeadMounts();
    const blocks = Object.fromEntries(Array.from({ length: 8 }, (_, blk) => [blk, { random: blk, length: BLK }]));
    await using world = await makeWorld(BLK, { prepare: (db, file) => db.write(file, blocks) });
    const { database, reader, file, server } = world;
    const head = `head/bigfile/${file}`;
    await expectAsInDatabase(world, file);
    expect(mapped(world)).toEqual([]);
    await reader.run("drop", { path: head });
    const { offset } = await database.run<{ offset: number }>("where", { file, blk: 4 });
    truncateSync(database.path, offset + 300_000);
    const gone = ["EIO", "ENOTCONN", "ECONNABORTED"];
    expect(gone).toContain(await reader.errnoOf((r) => r.pread(head, 6 * BLK, 262_144)));
    expect(await server.untilEnded(30_000)).toBe(1);
    expect(server.stderr()).toContain("zwatcher failed");
  },
);
