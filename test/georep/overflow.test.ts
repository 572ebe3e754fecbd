import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { silentLogger, type Logger } from "@belay/supervise";
import { expect, test } from "vitest";

import { ownFileSystem } from "./own-file-system.ts";
import { makePair, within } from "./replica.ts";

const isRoot = process.geteuid?.() === 0;
const kinds = isRoot ? (["fanotify", "inotify"] as const) : (["inotify"] as const);

test.each(kinds)(
  "when %s drops events, that is told, and a comparison makes the trees equal; new directories are watched, too",
  async (sourceKind) => {
    using pair = makePair();
    using _flooded = ownFileSystem(pair.source);
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
    await using worker = await pair.start({ sourceKind, logger });
    await worker.checkpoint(within(30_000));
    // All in one turn: nobody reads the events meanwhile.
    fillQueue(sourceKind, pair.source);
    for (let i = 0; i < 300; i++) writeFileSync(join(pair.source, `f${i}`), String(i));
    mkdirSync(join(pair.source, "d", "e"), { recursive: true });
    await worker.checkpoint(within(60_000));
    expect(warnings).toContainEqual(expect.stringContaining("the kernel has dropped events"));
    expect(pair.differences()).toEqual([]);
    writeFileSync(join(pair.source, "d", "e", "later"), "");
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  },
);

// With names that come and go. The queue's length is that of the machine: what else is watched on it is not to suffer.
function fillQueue(kind: "fanotify" | "inotify", source: string): void {
  const file = join(source, "file");
  writeFileSync(file, "");
  const most = Number(readFileSync(`/proc/sys/fs/${kind}/max_queued_events`, "utf8"));
  for (let i = 0; i < most; i++) {
    const name = join(source, `gone ${i}`);
    linkSync(file, name);
    unlinkSync(name);
  }
}
