import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { silentLogger, type Logger } from "@belay/supervise";
import { expect, test } from "vitest";

import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { makePair, within, type Pair } from "./replica.ts";

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot).each(["fanotify", "inotify"] as const)(
  "when %s drops events, that is told, and a comparison makes the trees equal; new directories are watched, too",
  async (kind) => {
    using pair = makePair();
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
    await using worker = await withShortQueue(pair, kind, logger);
    await worker.checkpoint(within(10_000));
    // All in one turn: nobody reads the events meanwhile.
    for (let i = 0; i < 300; i++) writeFileSync(join(pair.source, `f${i}`), String(i));
    mkdirSync(join(pair.source, "d", "e"), { recursive: true });
    await worker.checkpoint(within(30_000));
    expect(warnings).toContainEqual(expect.stringContaining("the kernel has dropped events"));
    expect(pair.differences()).toEqual([]);
    writeFileSync(join(pair.source, "d", "e", "later"), "");
    await worker.checkpoint(within(10_000));
    expect(pair.differences()).toEqual([]);
  },
  60_000,
);

// The limit is that of the moment at which the watching begins.
async function withShortQueue(pair: Pair, kind: "fanotify" | "inotify", logger: Logger): Promise<Worker> {
  const limit = `/proc/sys/fs/${kind}/max_queued_events`;
  const before = readFileSync(limit, "utf8");
  writeFileSync(limit, "50");
  try {
    return await pair.start({ sourceKind: kind, logger });
  } finally {
    writeFileSync(limit, before);
  }
}
