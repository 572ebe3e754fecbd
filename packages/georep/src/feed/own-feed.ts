import { Journal } from "../journal/journal.ts";
import type { SourceContext, SourceKind } from "../sources/change-source.ts";
import { openSource } from "../sources/open-source.ts";
import type { ChangeFeed } from "./change-feed.ts";

/** What a feed in this process needs. */
export interface OwnFeedOptions extends Omit<SourceContext, "tell" | "scanEveryMs"> {
  /** Directory of the journal; outside the tree. */
  readonly journal: string;
  /** Default: the best that works here. */
  readonly kind?: SourceKind | undefined;
  /** For the source `scan`; default a minute. */
  readonly scanEveryMs?: number | undefined;
}

/**
 * Watches a tree in this process. It ends with the process, so that each feed is an incarnation of its own: whoever begins with it has to compare
 * the whole tree.
 *
 * @throws what keeps it from watching
 */
export async function openOwnFeed(options: OwnFeedOptions): Promise<ChangeFeed> {
  const journal = new Journal(options.journal);
  const { kind, scanEveryMs = 60_000 } = options;
  const context = { ...options, scanEveryMs, tell: journal.append.bind(journal) };
  const source = await openSource(context, kind).catch((error: unknown) => {
    journal[Symbol.dispose]();
    throw error;
  });
  return {
    kind: source.kind,
    incarnation: crypto.randomUUID(),
    get start() {
      return journal.start;
    },
    get end() {
      return journal.end;
    },
    read: (from) => journal.read(from),
    trim: (before) => journal.trim(before),
    set onAppend(callback: () => void) {
      journal.onAppend = callback;
    },
    get onAppend() {
      return journal.onAppend;
    },
    drain: () => {
      source.drain();
      return Promise.resolve(journal.end);
    },
    failed: source.failed,
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      journal[Symbol.dispose]();
    },
  };
}
