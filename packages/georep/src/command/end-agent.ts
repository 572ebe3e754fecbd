import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { hasCode, untilAborted } from "@belay/supervise";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { workingFolder } from "./session-files.ts";

/** Longest wait for an agent to end, in milliseconds. */
const patienceMs = 10_000;

/**
 * Asks the agent that watches a session's source to end, and waits until it has.
 *
 * @returns false when there is none
 */
export function endAgent(places: GeorepPlaces, known: KnownSession, signal?: AbortSignal): Promise<boolean> {
  return endAgentAt(workingFolder(places, known), signal);
}

/** As {@link endAgent}, of the agent that has its files in a folder. */
export async function endAgentAt(folder: string, signal?: AbortSignal): Promise<boolean> {
  const path = join(folder, "agent.sock");
  const limit = AbortSignal.any([AbortSignal.timeout(patienceMs), ...(signal === undefined ? [] : [signal])]);
  try {
    const socket = connect(path);
    await untilAborted(once(socket, "connect"), limit);
    socket.resume();
    const closed = once(socket, "close");
    socket.write(`${JSON.stringify({ end: true })}\n`);
    await untilAborted(closed, limit).finally(() => socket.destroy());
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ECONNREFUSED", "ENOTDIR", "ECONNRESET", "EPIPE")) return false;
    throw error;
  }
}
