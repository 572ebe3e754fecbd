import { endAgentAt } from "../agent/end-agent-at.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { workingFolder } from "./session-files.ts";

/** As {@link endAgentAt}, of the agent that watches a session's source. */
export function endAgent(places: GeorepPlaces, known: KnownSession, signal?: AbortSignal): Promise<boolean> {
  return endAgentAt(workingFolder(places, known), signal);
}
