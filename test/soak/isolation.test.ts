import { expect, test } from "vitest";
import { runRandomClients, summary, timeForPins } from "../wcfs/isolation/harness/random-clients.ts";
import { RestartableWorld } from "../wcfs/isolation/harness/restartable-world.ts";

// Each round takes some seconds; without rounds asked for this is a single one.
const rounds = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 1);
const seconds = Number(process.env["BELAY_SOAK_SECONDS"] ?? 10);
/** Of the one long run: commits, kills and clients that stand still. */
const steps = Number(process.env["BELAY_SOAK_STEPS"] ?? 200);

const shapes = [
  { blksize: 4096, maxBlocks: 60, pause: 5 },
  { blksize: 16_384, maxBlocks: 20, pause: 30 },
  { blksize: 65_536, maxBlocks: 24, pause: 100 },
  { blksize: 2 << 20, maxBlocks: 6, pause: 200 },
];
const kinds = ["prompt", "prompt", "prompt", "slow", "slow", "dying", "mute"] as const;
const seed = () => Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);

test(
  `${steps} steps of writers, clients and kill -9 of both clients and server: every view is what was committed`,
  { timeout: 120_000 + steps * 300 },
  async () => {
    await using world = await RestartableWorld.create(timeForPins);
    const shape = { blksize: 8192, maxBlocks: 40, pause: 12 };
    const run = { steps, seconds: 0, views: steps / 20, seed: seed(), kinds, ...shape };
    const result = await runRandomClients(world, { ...run, clientKillEvery: 40, serverKillEvery: 190 });
    console.log(`seed ${run.seed}: ${summary(result)}`);
    expect(result.problems.slice(0, 3)).toEqual([]);
    expect(result.steps).toBeGreaterThanOrEqual(steps);
    expect(result.views).toBeGreaterThanOrEqual(steps / 20);
    expect(result.killedClients).toBeGreaterThan(0);
    expect(result.killedServers).toBeGreaterThan(0);
    await world.untilUnused();
  },
);

for (let round = 0; round < rounds; round++) {
  const shape = shapes[round % shapes.length] ?? { blksize: 4096, maxBlocks: 60, pause: 5 };
  test(
    `round ${round}: every client sees the file as it was at its moment`,
    { timeout: (seconds + 90) * 1000 },
    async () => {
      await using world = await RestartableWorld.create(timeForPins);
      const run = { steps: 0, seconds, views: 20, seed: seed(), kinds, ...shape };
      const result = await runRandomClients(world, run);
      console.log(`seed ${run.seed}: ${summary(result)}`);
      expect(result.problems.slice(0, 3)).toEqual([]);
      expect(result.views).toBeGreaterThan(0);
      await world.untilUnused();
    },
  );
}
