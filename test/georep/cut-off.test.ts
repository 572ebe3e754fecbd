import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { program } from "../program.ts";
import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { openLastingFeed, type LastingFeed } from "./lasting-feed.ts";
import { childrenOf, RandomWriter } from "./random-writer.ts";
import { makePair, within, type Pair } from "./replica.ts";

// While a writer does by chance whatever can be done to a tree, session after session is cut off: its receiving end is killed, or loses its worker in the
// middle of whatever it does. The feed goes on, so that each goes by its cursor alone.

const rounds = Number(process.env["BELAY_CUT_ROUNDS"] ?? 4);
const cutsInRound = 5;
const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
/** Where a copy of everything goes when a round does not end equal; undefined: nowhere. */
const keep = process.env["BELAY_SOAK_KEEP"];

test(
  "sessions that are cut off one after the other: the trees become equal, and nothing of ours counts as somebody else's",
  { timeout: 60_000 + rounds * 60_000 },
  async () => {
    using pair = makePair();
    const journal = join(pair.state, "journal");
    mkdirSync(journal, { recursive: true });
    await using feed = await openLastingFeed({ path: pair.source, journal, logger: silentLogger });
    const writer = new RandomWriter(pair.source, seed);
    for (let i = 0; i < 300; i++) writer.step();
    for (let round = 0; round < rounds; round++) {
      await whileWriting(writer, () => cutOff(pair, feed, round));
      await using worker = await start(pair, feed, round);
      await worker.checkpoint(within(40_000));
      const differences = pair.differences();
      const conflicts = readdirSync(join(pair.destination, ".belay-georep/test/conflicts"));
      if (differences.length + conflicts.length > 0 && keep !== undefined)
        execFileSync("cp", ["-a", pair.base, join(keep, `cut-off-${seed}`)]);
      expect([differences, conflicts], `seed ${seed}, round ${round}, ${writer.done} changes`).toEqual([[], []]);
    }
  },
);

async function cutOff(pair: Pair, feed: LastingFeed, round: number): Promise<void> {
  for (let cut = 0; cut < cutsInRound; cut++) {
    const worker = await start(pair, feed, round);
    worker.ended.catch(() => undefined);
    await sleep(Math.random() * (Math.random() < 0.3 ? 400 : 60));
    if (Math.random() < 0.5) killReceivingEnds();
    await worker[Symbol.asyncDispose]();
  }
}

/** In turns one that shares memory with the worker, and one that could be anywhere. */
function start({ source, destination, start: replicate }: Pair, feed: LastingFeed, round: number): Promise<Worker> {
  const elsewhere = [program("gsyncd"), "secondary", `file://${source}`, `file://${destination}`];
  return replicate({ openFeed: feed.open, ...(round % 2 === 0 ? {} : { secondaryCommand: elsewhere }) });
}

function killReceivingEnds(): void {
  for (const pid of childrenOf(process.pid)) process.kill(pid, "SIGKILL");
}

async function whileWriting(writer: RandomWriter, action: () => Promise<void>): Promise<void> {
  const done = new AbortController();
  const acting = action().finally(() => done.abort());
  acting.catch(() => undefined); // it is told below
  while (!done.signal.aborted) {
    for (let i = 0; i < 3; i++) writer.step();
    await sleep(4);
  }
  await acting;
}
