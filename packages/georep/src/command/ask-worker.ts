import { join } from "node:path";
import { BelayError, hasCode, sleep } from "@belay/supervise";
import { callWorker } from "../control/call-worker.ts";
import type { ControlCall, ControlCalls } from "../control/messages.ts";
import type { KnownSession } from "./known-session.ts";
import { findMonitor } from "./monitor-process.ts";
import type { GeorepPlaces } from "./places.ts";
import { reportOf } from "./report.ts";
import { workingFolder } from "./session-files.ts";

/** How long a worker that is about to start again is waited for, in milliseconds. */
const patienceMs = 30_000;

/**
 * Asks the worker of a session. One that has just ended is waited for: its monitor starts another.
 *
 * @throws BelayError `ENOTRUNNING`; `ENOWORKER` with the reason when none comes up within 30 s; the worker's own errors
 */
export async function askWorker<C extends ControlCall>(
  places: GeorepPlaces,
  known: KnownSession,
  call: C,
  args: ControlCalls[C]["args"],
  signal?: AbortSignal,
): Promise<ControlCalls[C]["result"]> {
  const path = workerSocket(places, known);
  for (let end = performance.now() + patienceMs; ;) {
    requireRunning(places, known);
    try {
      return await callWorker(path, call, args, signal);
    } catch (error) {
      if (hasCode(error, "ECONNLOST")) end = performance.now() + patienceMs;
      else if (!hasCode(error, "ENOWORKER")) throw error;
      if (performance.now() > end) throw noWorker(places, known, error);
      await sleep(250, signal);
    }
  }
}

/** Where the worker of a session listens. */
export function workerSocket(places: GeorepPlaces, known: KnownSession): string {
  return join(workingFolder(places, known), "worker.sock");
}

/** @throws BelayError `ENOTRUNNING`, `EPAUSED` */
export function requireRunning(places: GeorepPlaces, known: KnownSession): void {
  if (findMonitor(places, known) === undefined) {
    throw new BelayError("ENOTRUNNING", `${known.name} is not running`, { hint: `belay georep start ${known.name}` });
  }
  if (reportOf(places, known).state !== "paused") return;
  throw new BelayError("EPAUSED", `${known.name} is paused`, { hint: `belay georep resume ${known.name}` });
}

function noWorker(places: GeorepPlaces, known: KnownSession, cause: unknown): BelayError {
  const { why, lastError } = reportOf(places, known);
  const reason = why ?? lastError;
  return new BelayError(
    "ENOWORKER",
    `${known.name} has no worker just now${reason === undefined ? "" : `: ${reason}`}`,
    {
      hint: `belay georep status ${known.name} --watch`,
      cause,
    },
  );
}
