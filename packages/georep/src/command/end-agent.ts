import { lockStart } from "../agent/start-lock.ts";
import { endAgent as endAgentIn } from "../feed/agent-feed.ts";
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

/** As {@link endAgent}, of the agent that has its files in a folder. One that is just being started is waited for. */
export async function endAgentAt(folder: string, signal?: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.timeout(patienceMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  using _lock = await lockStart(folder, ends);
  return await endAgentIn(folder, ends);
}
