import { join } from "node:path";

import { silentLogger } from "@belay/supervise";

import type { ChangeFeed } from "../../packages/georep/src/feed/change-feed.ts";
import { openOwnFeed } from "../../packages/georep/src/feed/own-feed.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";
import type { Pair } from "./replica.ts";

/** A feed that outlives workers, as an agent's does: each begins where the last one's cursor is, and nothing has to be compared. */
export interface LastingFeed extends AsyncDisposable {
  /** For a worker, whose end does not end it. */
  readonly open: () => Promise<ChangeFeed>;
}

/** Watches the source of a pair. */
export async function openLastingFeed({ source, state }: Pair): Promise<LastingFeed> {
  await using owned = new AsyncDisposableStack();
  const tree = owned.use(openSourceTree(source));
  const places = { path: source, journal: join(state, "journal") };
  const feed = owned.use(await openOwnFeed({ ...places, tree, logger: silentLogger }));
  const held = owned.move();
  return {
    open: () => Promise.resolve(lent(feed)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function lent(feed: ChangeFeed): ChangeFeed {
  const end = () => {
    feed.onAppend = () => undefined;
    return Promise.resolve();
  };
  return Object.create(feed, { [Symbol.asyncDispose]: { value: end } }) as ChangeFeed;
}
