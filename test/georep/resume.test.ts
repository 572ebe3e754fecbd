import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";
import { silentLogger } from "@belay/supervise";

import type { ChangeFeed } from "../../packages/georep/src/feed/change-feed.ts";
import { openOwnFeed } from "../../packages/georep/src/feed/own-feed.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";
import { makePair, within, type Pair } from "./replica.ts";

test("a worker goes on where the last one was, without comparing, as long as feed and destination are the same", async () => {
  using pair = makePair();
  const [seen, copy] = [join(pair.source, "seen"), join(pair.destination, "untouched")];
  writeFileSync(join(pair.source, "untouched"), "at the source");
  {
    await using feed = await openFeed(pair);
    await runOnce(pair, feed);
    // Only a comparison would find this.
    writeFileSync(copy, "changed at the destination");
    writeFileSync(seen, "written between two workers");
    await runOnce(pair, feed);
    expect(readFileSync(join(pair.destination, "seen"), "utf8")).toBe("written between two workers");
    expect(readFileSync(copy, "utf8")).toBe("changed at the destination");
    rmSync(pair.destination, { recursive: true });
    await runOnce(pair, feed);
    expect(pair.differences(), "another destination").toEqual([]);
    writeFileSync(copy, "changed at the destination");
  }
  await using feed = await openFeed(pair);
  await runOnce(pair, feed);
  expect(pair.differences(), "another feed").toEqual([]);
});

async function openFeed({ source, state }: Pair): Promise<ChangeFeed> {
  const [tree, journal] = [openSourceTree(source), join(state, "journal")];
  return openOwnFeed({ tree, path: source, journal, logger: silentLogger });
}

async function runOnce(pair: Pair, feed: ChangeFeed): Promise<void> {
  const lent = Object.create(feed, { [Symbol.asyncDispose]: { value: () => Promise.resolve() } }) as ChangeFeed;
  await using worker = await pair.start({ openFeed: () => Promise.resolve(lent) });
  await worker.checkpoint(within(30_000));
}
