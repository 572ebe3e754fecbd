import { callWorker } from "../control/call-worker.ts";
import { workerSocket } from "./ask-worker.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { reportOf, type SessionReport } from "./report.ts";

/** Longest wait for a worker to say how it goes, in milliseconds; one that is stopped does not answer. */
const answerMs = 1000;

/** The report of a session, with what its worker says at this moment where it can be asked. */
export async function reportNow(
  places: GeorepPlaces,
  known: KnownSession,
  signal?: AbortSignal,
): Promise<SessionReport> {
  const report = reportOf(places, known);
  if (!["active", "comparing", "waiting", "starting"].includes(report.state)) return report;
  const limit = AbortSignal.any([AbortSignal.timeout(answerMs), ...(signal === undefined ? [] : [signal])]);
  try {
    const { pid, startedAt, worker } = await callWorker(workerSocket(places, known), "status", {}, limit);
    return reportOf(places, known, { pid, startedAt, worker });
  } catch {
    // Its files have to do.
    signal?.throwIfAborted();
    return report;
  }
}
