import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { openSessionPlace } from "../testing/session-place.ts";
import { startBatch } from "./batch.ts";
import { finishBatch } from "./finish.ts";
import { lookOnly } from "./between-batches.ts";

test("work begins with a batch, lasts until one is durable, and is not begun by a look", async () => {
  using place = await openSessionPlace();
  const { session } = place;
  lookOnly(session, () => undefined);
  await sleep(20);
  const looked = BigInt(Date.now()) * 1_000_000n;
  const batch = startBatch(session);
  const { since } = session.work;
  expect(since).toBeGreaterThanOrEqual(looked);
  await sleep(20);
  startBatch(session); // another one while nothing is durable
  expect(session.work.since).toBe(since);
  expect(finishBatch(batch)).toEqual([]);
  await sleep(20);
  startBatch(session);
  expect(session.work.since).toBeGreaterThan(since);
});
