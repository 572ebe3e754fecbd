import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BelayError, silentLogger } from "@belay/supervise";
import { expect, test } from "vitest";

import { beginConnecting } from "../../packages/georep/src/connect/connect.ts";
import { defaultPolicy } from "../../packages/georep/src/policy/policy.ts";
import type { Secondary } from "../../packages/georep/src/rpc/secondary-client.ts";
import { startWorker, type Worker } from "../../packages/georep/src/worker/worker.ts";
import { program } from "../program.ts";
import { openLastingFeed, type LastingFeed } from "./lasting-feed.ts";
import { makePair, within, type Pair } from "./replica.ts";

// A worker that is killed when the receiving end has finished a batch, and before it noted that, does the batch again: by then the destination has all
// that was told, and says nothing more of what it had made or taken over.

test("a directory that was taken over in a batch whose end nobody noted is compared all the same", async () => {
  using pair = makePair();
  await using feed = await openLastingFeed(pair);
  const [here, there] = [join(pair.source, "directory"), join(pair.destination, "directory")];
  mkdirSync(here);
  writeFileSync(join(here, "file"), "of long ago");
  {
    await using worker = await start(pair, feed);
    await worker.checkpoint(within(20_000));
  }
  // Somebody puts another one in its place, and then its own name is told.
  rmSync(there, { recursive: true });
  mkdirSync(there);
  for (const [from, to] of [[here, `${here}~`], [`${here}~`, here]] as const) renameSync(from, to); // prettier-ignore
  {
    await using worker = await start(pair, feed, dyingOnFinish);
    await expect(worker.ended).rejects.toThrow("killed");
  }
  await using worker = await start(pair, feed);
  await worker.checkpoint(within(20_000));
  expect(pair.differences()).toEqual([]);
});

/** As a worker that is killed before it hears of the end of a batch. */
function dyingOnFinish(secondary: Secondary): Secondary {
  const killed = Promise.withResolvers<Error>();
  const finish = async () => {
    await secondary.finish();
    killed.resolve(new BelayError("EKILLED", "killed"));
    return new Promise<never>(() => undefined);
  };
  return { ...secondary, lost: killed.promise, finish };
}

function start(
  pair: Pair,
  feed: LastingFeed,
  change: (secondary: Secondary) => Secondary = (as) => as,
): Promise<Worker> {
  const command = [program("gsyncd"), "secondary", `file://${pair.source}`, `file://${pair.destination}`];
  const connecting = beginConnecting({
    ...{ command, viaSsh: false, ledger: undefined, line: { session: "test" } },
  });
  return startWorker({
    ...{ source: pair.source, state: pair.state, logger: silentLogger, openFeed: feed.open },
    greet: async (about) => {
      const connection = await connecting.greet({ ...about, rules: defaultPolicy });
      return { ...connection, ...change(connection) };
    },
  });
}
