import { expect, test } from "vitest";
import { runRandomClients } from "../wcfs/isolation/harness/random-clients.ts";
import { isolationWorld } from "../wcfs/isolation/harness/world.ts";

// Each round takes some seconds; without rounds asked for this is a single one.
const rounds = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 1);
const seconds = Number(process.env["BELAY_SOAK_SECONDS"] ?? 10);

const shapes = [
  { blksize: 4096, maxBlocks: 60, pause: 5 },
  { blksize: 16_384, maxBlocks: 20, pause: 30 },
  { blksize: 65_536, maxBlocks: 24, pause: 100 },
  { blksize: 2 << 20, maxBlocks: 6, pause: 200 },
];
const kinds = ["prompt", "prompt", "prompt", "slow", "slow", "dying", "mute"] as const;

for (let round = 0; round < rounds; round++) {
  const shape = shapes[round % shapes.length] ?? { blksize: 4096, maxBlocks: 60, pause: 5 };
  test(
    `round ${round}: every client sees the file as it was at its moment`,
    { timeout: (seconds + 90) * 1000 },
    async () => {
      await using world = await isolationWorld(["-pintimeout", "3.0s"]);
      const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
      const result = await runRandomClients(world, {
        seconds,
        seed,
        kinds,
        views: 20,
        ...shape,
      });
      console.log(`seed ${seed}: ${result.commits} commits, ${result.views} views, ${result.restarts} restarts`);
      expect(result.problems.slice(0, 3)).toEqual([]);
      expect(result.views).toBeGreaterThan(0);
      await world.statsBecome({ WatchLink: 0, Watch: 0, PinnedBlk: 0 });
    },
  );
}
