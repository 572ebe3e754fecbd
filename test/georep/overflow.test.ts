import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { silentLogger, type Logger } from "@belay/supervise";
import { expect, test } from "vitest";

import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { makePair, within, type Pair } from "./replica.ts";

const limit = "/proc/sys/fs/fanotify/max_queued_events";

test.runIf(process.geteuid?.() === 0)(
  "when fanotify drops events, that is told, and a comparison makes the trees equal",
  async () => {
    using pair = makePair();
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
    await using worker = await withShortQueue(pair, logger);
    await worker.checkpoint(within(10_000));
    // All in one turn: nobody reads the events meanwhile.
    for (let i = 0; i < 300; i++) writeFileSync(join(pair.source, `f${i}`), String(i));
    await worker.checkpoint(within(30_000));
    expect(warnings).toContainEqual(expect.stringContaining("the kernel has dropped events"));
    expect(pair.differences()).toEqual([]);
  },
  60_000,
);

// The limit is that of the moment at which the watching begins.
async function withShortQueue(pair: Pair, logger: Logger): Promise<Worker> {
  const before = readFileSync(limit, "utf8");
  writeFileSync(limit, "50");
  try {
    return await pair.start({ sourceKind: "fanotify", logger });
  } finally {
    writeFileSync(limit, before);
  }
}
