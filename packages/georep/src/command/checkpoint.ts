import { setOption } from "../config/change-config.ts";
import type { ControlCheckpoint } from "../control/messages.ts";
import { askWorker } from "./ask-worker.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";

/**
 * Makes this moment the checkpoint of a session: `status` tells when everything written before it is at the destination.
 *
 * @returns the moment, seconds since 1970
 */
export async function setCheckpoint(known: KnownSession, now = Date.now()): Promise<number> {
  const seconds = Math.floor(now / 1000);
  await setOption(known.configFile, "checkpoint", String(seconds));
  return seconds;
}

/**
 * Waits until everything that is at the source now is at the destination; with `verify` also compared by digest.
 *
 * @throws as `askWorker`; the signal's reason
 */
export function reachCheckpoint(
  places: GeorepPlaces,
  known: KnownSession,
  options: { readonly verify: boolean; readonly signal?: AbortSignal },
): Promise<ControlCheckpoint> {
  return askWorker(places, known, "checkpoint", { verify: options.verify }, options.signal);
}
