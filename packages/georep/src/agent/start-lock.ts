import { BelayError, hasCode, takeFileLock, type FileLock } from "@belay/supervise";

import { passedLock } from "../session/passed-lock.ts";
import { agentPlaces } from "./agent-places.ts";

/**
 * The lock under which an agent is started. The agent has it until it can be connected to, whatever becomes of the monitor that starts it: who ends
 * agents waits for it, and finds the agent then.
 */
export const startLock = passedLock("_GSYNCD_AGENT_LOCK_");

/**
 * Waits until no agent is just being started in a working directory.
 *
 * @returns undefined when there cannot be one, or nothing can be written there
 * @throws BelayError `EAGENT` when the signal came first
 */
export async function lockStart(directory: string, signal: AbortSignal): Promise<FileLock | undefined> {
  try {
    return await takeFileLock(agentPlaces(directory).startLock, { wait: true, signal });
  } catch (error) {
    if (hasCode(error, "ENOENT", "EROFS", "EACCES")) return undefined;
    if (!signal.aborted) throw error;
    throw new BelayError("EAGENT", `an agent is being started in ${directory}, and does not get ready`, {
      hint: "it may be stopped: kill -CONT goes on, kill -KILL ends it",
      cause: error,
    });
  }
}
