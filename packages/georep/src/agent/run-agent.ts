import { mkdirSync } from "node:fs";

import { takePidLock, untilAborted, writeFileAtomic, type Ledger, type Logger } from "@belay/supervise";

import type { ChangeFeed } from "../feed/change-feed.ts";
import { openOwnFeed } from "../feed/own-feed.ts";
import type { JournalSizes } from "../journal/journal.ts";
import { listenLocal } from "../local-socket/listen-local.ts";
import type { SourceKind } from "../sources/change-source.ts";
import { openSourceTree } from "../sources/source-tree.ts";
import { agentPlaces } from "./agent-places.ts";
import type { Greeting } from "./messages.ts";
import { problemOf, serveFeed, type FeedListener } from "./serve-feed.ts";
import { startLock } from "./start-lock.ts";
import { whenUnwanted } from "./when-unwanted.ts";

/** What an agent is to watch, and for how long. */
export interface AgentOptions {
  /** Directory that is watched. */
  readonly source: string;
  /** The source's working directory: journal, socket and pid file are in it. */
  readonly directory: string;
  readonly kind?: SourceKind | undefined;
  /** For the source `scan`, in milliseconds. */
  readonly scanEveryMs?: number | undefined;
  readonly sizes?: JournalSizes | undefined;
  /** Told to whoever connects, see {@link settingsText}. */
  readonly settings?: string | undefined;
  readonly logger: Logger;
  readonly ledger: Ledger;
  /** Ends it in order. */
  readonly signal: AbortSignal;
  /** Tells whether it is wanted although no worker is connected; asked ten times within `unwantedMs`. Default: always. */
  readonly isWanted?: () => boolean;
  /** For how long nobody may want it before it ends by itself, in milliseconds; default ten minutes. */
  readonly unwantedMs?: number;
  /** Called when it watches and can be connected to. */
  readonly onReady?: (greeting: Greeting) => void;
}

/**
 * Watches a source and writes its journal, whoever comes and goes to read it.
 *
 * Resolves when it was asked to end, over its socket or by the signal, or nobody has wanted it for a while. All it changes on disk can be left as it is
 * at any instant: whoever comes next finds another incarnation.
 *
 * @throws BelayError `ELOCKED` when the source has an agent, `ESOURCE` when it is not there any more; what keeps it from watching
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { source, directory, logger, ledger, signal } = options;
  const places = agentPlaces(directory);
  mkdirSync(places.journal, { recursive: true, mode: 0o700 });
  await using owned = new AsyncDisposableStack();
  owned.use(await takePidLock(ledger, places.pidFile));
  const tree = owned.use(openSourceTree(source));
  const listeners = new Set<FeedListener>();
  const tellAll = (tell: (to: FeedListener) => void) => {
    for (const listener of listeners) tell(listener);
  };
  const { kind, scanEveryMs, sizes } = options;
  const feed = owned.use(
    await openOwnFeed({
      ...{ tree, path: source, journal: places.journal, kind, scanEveryMs, sizes, logger },
      onTrouble: (trouble) => tellAll((to) => to.tell({ trouble: trouble === undefined ? null : problemOf(trouble) })),
    }),
  );
  await writeFileAtomic(places.incarnation, Buffer.from(`${feed.incarnation}\n`), { mode: 0o600 });
  feed.onAppend = () => tellAll((to) => to.tellEnd());
  const asked = Promise.withResolvers<undefined>();
  const listening = listenLocal(ledger, places.socket, (socket) => {
    const listener = serveFeed(feed, socket, { settings: options.settings, onEnd: () => asked.resolve(undefined) });
    listeners.add(listener);
    socket.on("close", () => listeners.delete(listener));
  });
  owned.use(await listening);
  startLock.drop();
  options.onReady?.(greetingOf(feed));
  logger.info(`watching ${source} through ${feed.kind}, incarnation ${feed.incarnation}`);
  using unwanted = whenUnwanted(() => listeners.size > 0 || (options.isWanted ?? always)(), options.unwantedMs);
  const failed = feed.failed.then((error) => {
    tellAll((to) => to.tell({ failed: problemOf(error) }));
    throw error;
  });
  const unwantedReached = unwanted.reached.then(() => logger.info("nobody wants the watching any more: it ends"));
  const ends = Promise.race([asked.promise, unwantedReached, failed]);
  await untilAborted(ends, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

const always = () => true;

const greetingOf = ({ incarnation, kind, end }: ChangeFeed): Greeting => ({
  incarnation,
  kind,
  end,
  pid: process.pid,
});
