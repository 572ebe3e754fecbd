import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { openLiveConfig } from "../../config/live-config.ts";
import { placesOf } from "../../session/places.ts";
import { parseSession } from "../../session/session.ts";
import { freshBrickStatus, type BrickStatus } from "../../status/brick-status.ts";
import { followCheckpoint } from "./follow-checkpoint.ts";

test("who has asked that everything before a checkpoint is there finds it complete, and one that lies after that is not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-"));
  using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const file = join(folder, "gsyncd.conf");
  writeFileSync(file, "[vars]\ncheckpoint = 1795240000\n");
  const config = openLiveConfig({ session: parseSession("pv", "h::sv"), places: placesOf({}), file });
  const told: Partial<BrickStatus>[] = [];
  const stop = new AbortController();
  const checkpoints = followCheckpoint({
    config,
    // As one that has still much to do.
    worker: {
      checkpoint: (signal) => new Promise((_, fail) => signal?.addEventListener("abort", () => fail(Error()))),
    },
    before: freshBrickStatus,
    tell: (keys) => told.push(keys),
    logger: silentLogger,
    signal: stop.signal,
  });
  checkpoints.complete(1795239999_000);
  expect(told).toMatchObject([{ checkpoint_time: 1795240000, checkpoint_completed: "No" }]);
  checkpoints.complete(1795240000_500);
  checkpoints.complete(1795240001_000);
  expect(told.slice(1)).toMatchObject([{ checkpoint_time: 1795240000, checkpoint_completed: "Yes" }]);
  stop.abort();
  await checkpoints.followed;
  expect(told).toHaveLength(2);
});
