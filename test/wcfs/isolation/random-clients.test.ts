import { expect, test } from "vitest";
import { runRandomClients, summary, timeForPins } from "./harness/random-clients.ts";
import { RestartableWorld } from "./harness/restartable-world.ts";

test(
  "whatever is committed and whoever is killed, every client sees the file as it was at its moment",
  { timeout: 120_000 },
  async () => {
    await using world = await RestartableWorld.create(timeForPins);
    const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
    const kinds = ["prompt", "prompt", "slow", "dying", "mute"] as const;
    const kills = { clientKillEvery: 60, serverKillEvery: 350 };
    const shape = { blksize: 16_384, maxBlocks: 20, pause: 30 };
    const result = await runRandomClients(world, {
      steps: 500,
      seconds: 12,
      views: 30,
      seed,
      kinds,
      ...shape,
      ...kills,
    });
    console.log(`seed ${seed}: ${summary(result)}`);
    expect(result.problems.slice(0, 3)).toEqual([]);
    expect(result.commits).toBeGreaterThan(50);
    expect(result.views).toBeGreaterThan(20);
    expect(result.killedServers).toBeGreaterThan(0);
    await world.untilUnused();
    expect(world.server.ended()).toBeUndefined();
  },
);
