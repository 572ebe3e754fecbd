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
export async function endAgent(places: GeorepPlaces, known: KnownSession, signal?: AbortSignal): Promise<boolean> {
  const path = join(workingFolder(places, known), "agent.sock");
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
