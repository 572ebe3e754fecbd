import { expect, test } from "vitest";
import { runRandomClients } from "./harness/random-clients.ts";
import { isolationWorld } from "./harness/world.ts";

test("whatever is committed, every client sees the file as it was at its moment", { timeout: 90_000 }, async () => {
  await using world = await isolationWorld(["-pintimeout", "2.0s"]);
  const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
  const kinds = ["prompt", "prompt", "slow", "dying", "mute"] as const;
  const run = { seconds: 12, views: 30, seed, kinds, blksize: 16_384, maxBlocks: 20, pause: 30 };
  const result = await runRandomClients(world, run);
  console.log(`seed ${seed}: ${result.commits} commits, ${result.views} views, ${result.restarts} restarts`);
  expect(result.problems.slice(0, 3)).toEqual([]);
  expect(result.commits).toBeGreaterThan(50);
  expect(result.views).toBeGreaterThan(20);
  await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0 });
  expect(world.server.ended()).toBeUndefined();
});
