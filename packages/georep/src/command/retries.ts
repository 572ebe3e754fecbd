import { openLedger } from "@belay/supervise";
import type { ControlRetry } from "../control/messages.ts";
import { shownRetry } from "../roles/worker/control-handlers.ts";
import { askWorker } from "./ask-worker.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { reportOf } from "./report.ts";
import { workingFolder } from "./session-files.ts";
import type { SessionState } from "./session-state.ts";

/** States in which no worker is at work, and none is about to be. */
const resting: readonly SessionState[] = ["created", "stopped", "paused", "dead"];

/** What waits to be tried again. */
export interface Retries {
  readonly items: readonly ControlRetry[];
  /** Why nothing is tried just now; undefined while a worker is at work. */
  readonly rests: SessionState | undefined;
}

/** Asks the worker of a session what waits to be tried again; where none is at work, its queue is read. @throws as `askWorker` */
export async function listRetries(places: GeorepPlaces, known: KnownSession, signal: AbortSignal): Promise<Retries> {
  return (
    (await storedRetriesOf(places, known)) ?? {
      items: await askWorker(places, known, "retries", {}, signal),
      rests: undefined,
    }
  );
}

/** Undefined when a worker is at work, or has begun meanwhile: then what was read may be torn. */
async function storedRetriesOf(places: GeorepPlaces, known: KnownSession): Promise<Retries | undefined> {
  const restingState = () => resting.find((state) => state === reportOf(places, known).state);
  if (restingState() === undefined) return undefined;
  const { storedRetries } = await import("../worker/stored-retries.ts");
  await using ledger = await openLedger();
  const place = { state: workingFolder(places, known), source: known.source.path };
  try {
    const items = (await storedRetries(place, ledger)).map(shownRetry);
    const rests = restingState();
    return rests && { items, rests };
  } catch (error) {
    if (restingState() === undefined) return undefined;
    throw error;
  }
}
