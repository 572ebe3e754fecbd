import { setImmediate } from "node:timers/promises";

import { expect, test } from "vitest";

import { makePair, within } from "./replica.ts";
import { RandomWriter } from "./random-writer.ts";

const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);

test.for(["fanotify", "inotify"] as const)(
  "after random changes followed through %s both trees are equal",
  async (kind, context) => {
    if (kind === "fanotify" && process.geteuid?.() !== 0) context.skip("fanotify needs root");
    using pair = makePair();
    const writer = new RandomWriter(pair.source, seed);
    for (let i = 0; i < 300; i++) writer.step();
    await using worker = await pair.start({ sourceKind: kind });
    const end = performance.now() + 5000;
    while (performance.now() < end) {
      for (let i = 0; i < 20; i++) writer.step();
      await setImmediate();
    }
    await worker.checkpoint(within(20_000));
    expect(pair.differences(), `seed ${seed}, ${writer.done} changes`).toEqual([]);
    expect(writer.done).toBeGreaterThan(500);
  },
  60_000,
);
