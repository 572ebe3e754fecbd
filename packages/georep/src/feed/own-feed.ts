import { Journal, type JournalSizes } from "../journal/journal.ts";
import { Recorder } from "../journal/recorder.ts";
import type { SourceContext, SourceKind } from "../sources/change-source.ts";
import { guardRoot } from "../sources/guard-root.ts";
import { openSource } from "../sources/open-source.ts";
import type { ChangeFeed } from "./change-feed.ts";

/** What a feed in this process needs. */
export interface OwnFeedOptions extends Omit<SourceContext, "tell" | "scanEveryMs"> {
  /** Directory of the journal; outside the tree. */
  readonly journal: string;
  readonly sizes?: JournalSizes | undefined;
  /** Default: the best that works here. */
  readonly kind?: SourceKind | undefined;
  /** For the source `scan`; default a minute. */
  readonly scanEveryMs?: number | undefined;
  /** Told when the journal cannot be written, and with undefined when it can again. */
  readonly onTrouble?: ((trouble: Error | undefined) => void) | undefined;
}

/**
 * Watches a tree in this process. It ends with the process, so that each feed is an incarnation of its own: whoever begins with it has to compare
 * the whole tree.
 *
 * @throws what keeps it from watching
 */
export async function openOwnFeed(options: OwnFeedOptions): Promise<ChangeFeed> {
  const { tree, path, kind, logger, scanEveryMs = 60_000, onTrouble = () => undefined } = options;
  await using owned = new AsyncDisposableStack();
  const journal = owned.use(new Journal(options.journal, options.sizes));
  const noticed = (trouble: Error | undefined) => {
    onTrouble(trouble);
    journal.onAppend();
  };
  const recorder = owned.use(new Recorder(journal, { logger, onTrouble: noticed }));
  const context: SourceContext = { tree, path, logger, scanEveryMs, tell: (records) => recorder.record(records) };
  const source = owned.use(guardRoot(await openSource(context, kind), tree, path));
  const held = owned.move();
  return {
    kind: source.kind,
    incarnation: crypto.randomUUID(),
    get start() {
      return journal.start;
    },
    get end() {
      return journal.end;
    },
    get trouble() {
      return recorder.trouble;
    },
    read: (from) => journal.read(from),
    trim: (before) => journal.trim(before),
    set onAppend(callback: () => void) {
      journal.onAppend = callback;
    },
    get onAppend() {
      return journal.onAppend;
    },
    drain: async () => {
      source.drain();
      await recorder.whenWritten();
      return journal.end;
    },
    failed: source.failed,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
