import { setTimeout as sleep } from "node:timers/promises";

import type { Worker } from "../../packages/georep/src/worker/worker.ts";
import { program } from "../program.ts";
import type { LastingFeed } from "./lasting-feed.ts";
import { childrenOf } from "./random-writer.ts";
import type { Pair } from "./replica.ts";

/** A session of a pair; in turns its receiving end shares memory with the worker, or could be anywhere. */
export function startSession(pair: Pair, feed: LastingFeed, round: number): Promise<Worker> {
  const elsewhere = [program("gsyncd"), "secondary", `file://${pair.source}`, `file://${pair.destination}`];
  return pair.start({ openFeed: feed.open, ...(round % 2 === 0 ? {} : { secondaryCommand: elsewhere }) });
}

/** Sessions one after the other that are cut off: the receiving end is killed, or loses its worker in the middle of whatever it does. */
export async function cutOffSessions(pair: Pair, feed: LastingFeed, round: number): Promise<void> {
  for (let cut = 0; cut < cutsInRound; cut++) {
    const worker = await startSession(pair, feed, round);
    worker.ended.catch(() => undefined);
    await sleep(Math.random() * (Math.random() < 0.3 ? 400 : 60));
    if (Math.random() < 0.5) for (const pid of childrenOf(process.pid)) process.kill(pid, "SIGKILL");
    await worker[Symbol.asyncDispose]();
  }
}

const cutsInRound = 5;

/** Does something over and over until something else is done. */
export async function during(action: Promise<void>, step: () => void): Promise<void> {
  const done = new AbortController();
  const acting = action.finally(() => done.abort());
  acting.catch(() => undefined); // it is told below
  while (!done.signal.aborted) {
    step();
    await sleep(4);
  }
  await acting;
}
