import { hasCode, takePidLock, type Ledger, type Logger } from "@belay/supervise";

import { agentPlaces } from "../../agent/agent-places.ts";
import { watchSettings } from "../../agent/watch-settings.ts";
import type { WorkerRequest } from "../../cli/roles.ts";
import { connectToAgent } from "../../feed/agent-feed.ts";
import type { ChangeFeed } from "../../feed/change-feed.ts";
import { openOwnFeed } from "../../feed/own-feed.ts";
import type { SourceTree } from "../../sources/source-tree.ts";

/** What a feed is opened with. */
export interface FeedOptions {
  readonly request: WorkerRequest;
  readonly path: string;
  /** The source's working folder. */
  readonly working: string;
  readonly ledger: Ledger;
  readonly logger: Logger;
}

/**
 * Reads from the source's agent. A worker without a monitor that would have started one, or that is debugged, watches by itself where there is
 * none, and keeps agents away meanwhile.
 *
 * @throws BelayError `EAGENT`; what keeps it from watching
 */
export async function openFeed(
  { request, path, working, ledger, logger }: FeedOptions,
  tree: SourceTree,
): Promise<ChangeFeed> {
  try {
    return await connectToAgent(working);
  } catch (error) {
    const isAlone = request.feedbackFd === undefined || request.debug;
    if (!isAlone || !hasCode(error, "EAGENT")) throw error;
  }
  const { pidFile, journal } = agentPlaces(working);
  const lock = await takePidLock(ledger, pidFile);
  try {
    const feed = await openOwnFeed({ tree, path, journal, logger, ...watchSettings(request.config.current()) });
    const close = feed[Symbol.asyncDispose].bind(feed);
    feed[Symbol.asyncDispose] = async () => {
      await close();
      await lock[Symbol.asyncDispose]();
    };
    return feed;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}
