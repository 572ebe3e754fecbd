import type { ChangeFeed } from "../../packages/georep/src/feed/change-feed.ts";
import { openOwnFeed, type OwnFeedOptions } from "../../packages/georep/src/feed/own-feed.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";

/** A feed that outlives workers, as an agent's does: each begins where the last one's cursor is, and nothing has to be compared. */
export interface LastingFeed extends AsyncDisposable {
  /** For a worker, whose end does not end it. */
  readonly open: () => Promise<ChangeFeed>;
}

export async function openLastingFeed(options: Omit<OwnFeedOptions, "tree">): Promise<LastingFeed> {
  await using owned = new AsyncDisposableStack();
  const tree = owned.use(openSourceTree(options.path));
  const feed = owned.use(await openOwnFeed({ ...options, tree }));
  const held = owned.move();
  return {
    open: () => Promise.resolve(lent(feed)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function lent(feed: ChangeFeed): ChangeFeed {
  return {
    kind: feed.kind,
    incarnation: feed.incarnation,
    failed: feed.failed,
    get start() {
      return feed.start;
    },
    get end() {
      return feed.end;
    },
    get trouble() {
      return feed.trouble;
    },
    read: (from) => feed.read(from),
    trim: (before) => feed.trim(before),
    drain: () => feed.drain(),
    set onAppend(callback: () => void) {
      feed.onAppend = callback;
    },
    get onAppend() {
      return feed.onAppend;
    },
    [Symbol.asyncDispose]: () => {
      feed.onAppend = () => undefined;
      return Promise.resolve();
    },
  };
}
