import { setImmediate } from "node:timers/promises";

import { expect, test } from "vitest";

import type { SourceKind } from "../../packages/georep/src/sources/change-source.ts";
import { makePair, within } from "./replica.ts";
import { RandomWriter } from "./random-writer.ts";

const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)("after random changes followed through fanotify both trees are equal", () =>
  compareAfter("fanotify"),
);

test("after random changes followed through inotify both trees are equal", () => compareAfter("inotify"), 60_000);

async function compareAfter(kind: SourceKind): Promise<void> {
  using pair = makePair();
  const writer = new RandomWriter(pair.source, seed);
  for (let i = 0; i < 300; i++) writer.step();
  await using worker = await pair.start({ sourceKind: kind });
  const end = performance.now() + 5000;
  while (performance.now() < end || writer.done <= 500) {
    for (let i = 0; i < 20; i++) writer.step();
    await setImmediate();
  }
  await worker.checkpoint(within(90_000));
  expect(pair.differences(), `seed ${seed}, ${writer.done} changes`).toEqual([]);
  expect(writer.done).toBeGreaterThan(500);
}
