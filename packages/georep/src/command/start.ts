import { watch } from "node:fs";
import { BelayError, Deadline, hasCode, sleep, toError } from "@belay/supervise";
import { startDetached } from "../roles/process/run-detached.ts";
import { escapedUrl } from "../url/format.ts";
import { readMonitorStatus } from "../status/monitor-status.ts";
import { makeDirectory } from "../tree/make-directory.ts";
import { checkSource } from "./check-source.ts";
import { gsyncdArgv } from "./gsyncd-program.ts";
import { intoState } from "./into-state.ts";
import type { KnownSession } from "./known-session.ts";
import { findMonitor } from "./monitor-process.ts";
import { roleEnvironment, type GeorepPlaces } from "./places.ts";
import { reportOf, type SessionReport } from "./report.ts";
import { statePath, upgradeConfig } from "./session-files.ts";
import { lockSession } from "./session-lock.ts";

/** How a session is started. */
export interface StartOptions {
  /** One that runs already is left alone and is no error. */
  readonly force?: boolean;
  /** False: not until it is connected. */
  readonly wait?: boolean;
  /** Longest wait for the connection, in milliseconds. Default a minute. */
  readonly timeoutMs?: number | undefined;
  readonly pauseOnStart?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts a session's monitor as a daemon, and waits until its worker is connected to the destination.
 *
 * @throws BelayError `EACTIVE` when it runs already; `ESOURCE`; `ESTART` with what gsyncd says; `EFAULTY` with the worker's reason, while the
 *   monitor goes on trying; `ETIMEDOUT` likewise
 */
export async function startSession(
  places: GeorepPlaces,
  known: KnownSession,
  options: StartOptions = {},
): Promise<SessionReport> {
  if (!(await startMonitor(places, known, options))) return reportOf(places, known);
  return options.wait === false ? reportOf(places, known) : waitUntilConnected(places, known, options);
}

function alreadyStarted(known: KnownSession): BelayError {
  const isPaused = readMonitorStatus(statePath(known)) === "Paused";
  const [state, next] = isPaused ? ["paused, not stopped", "resume"] : ["already started", "status"];
  return new BelayError("EACTIVE", `${known.name} is ${state}`, { hint: `belay georep ${next} ${known.name}` });
}

/** @returns false when it runs already, and that is well */
async function startMonitor(places: GeorepPlaces, known: KnownSession, options: StartOptions): Promise<boolean> {
  using lock = await lockSession(known, options.signal);
  if (findMonitor(places, known) !== undefined) {
    if (options.force === true) return false;
    throw alreadyStarted(known);
  }
  await prepareStart(places, known);
  const argv = gsyncdArgv(monitorWords(known, options));
  const { signal } = options;
  try {
    await startDetached(argv, { lock: lock.fd, env: roleEnvironment(places), cwd: "/", signal });
  } catch (error) {
    throw signal?.aborted === true ? error : notStarted(known, error);
  }
  return true;
}

/** Makes sure that a monitor can be started: the source is there, and the folders are. */
export async function prepareStart(places: GeorepPlaces, known: KnownSession): Promise<void> {
  const [problem] = checkSource(known.source.path);
  if (problem !== undefined) throw problem;
  for (const path of [places.runDirectory, places.logDirectory, places.scratchDirectory])
    await intoState(path, () => makeDirectory(path, 0o700));
  await upgradeConfig(known);
}

/** The call of gsyncd that runs a session. */
export function monitorWords(known: KnownSession, { pauseOnStart = false }: StartOptions = {}): string[] {
  const ends = [escapedUrl(known.source), escapedUrl(known.destination)];
  return ["monitor", ...ends, "-c", known.configFile, ...(pauseOnStart ? ["--pause-on-start"] : [])];
}

function notStarted(known: KnownSession, error: unknown): BelayError {
  const hint = error instanceof BelayError && !hasCode(error, "EDAEMON") ? error.hint : undefined;
  return new BelayError("ESTART", `${known.name} does not start: ${toError(error).message}`, {
    hint: hint ?? `belay georep start --foreground ${known.name} shows more`,
    cause: error,
  });
}

async function waitUntilConnected(
  places: GeorepPlaces,
  known: KnownSession,
  { timeoutMs = 60_000, signal }: StartOptions,
): Promise<SessionReport> {
  using deadline = Deadline.after(timeoutMs, { signal, what: `${known.name} is started, and not connected yet` });
  for (;;) {
    const report = reportOf(places, known);
    if (["active", "comparing", "waiting", "paused"].includes(report.state)) return report;
    if (report.state === "faulty") throw faulty(known, report);
    if (report.state === "dead" || report.state === "stopped") throw await ended(places, known, signal);
    await nextChange(known.folder, deadline.signal).catch((error: unknown) => {
      throw withProblem(error, report);
    });
  }
}

// What cannot be written to the status is seen from here.
function withProblem(error: unknown, { problems: [problem] }: SessionReport): unknown {
  if (problem === undefined || !hasCode(error, "ETIMEDOUT")) return error;
  return new BelayError("ETIMEDOUT", `${toError(error).message}: ${problem}`, { cause: error });
}

// The files of the session are replaced by rename. The pid lock has no event, so we look now and then anyway.
async function nextChange(folder: string, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const watcher = watch(folder, () => changed.abort());
  watcher.on("error", () => changed.abort());
  try {
    await sleep(500, AbortSignal.any([changed.signal, signal])).catch(() => undefined);
    signal.throwIfAborted();
  } finally {
    watcher.close();
  }
}

function faulty(known: KnownSession, { why = "no reason is known", hint }: SessionReport): BelayError {
  const goesOn = `it is tried again by itself; belay georep stop ${known.name} ends that`;
  return new BelayError("EFAULTY", `${known.name} is started, but does not work: ${why}`, {
    hint: hint === undefined ? goesOn : `${hint}; ${goesOn}`,
  });
}

async function ended(places: GeorepPlaces, known: KnownSession, signal: AbortSignal | undefined): Promise<BelayError> {
  // Somebody may just be about to stop or delete it.
  using _lock = await lockSession(known, signal);
  const { state, why, lastError } = reportOf(places, known);
  if (state === "stopped") {
    return new BelayError("ESTOPPED", `${known.name} was stopped before it was connected`, {
      hint: `belay georep start ${known.name}`,
    });
  }
  return new BelayError("ESTART", `${known.name} has ended again: ${lastError ?? why ?? "no reason is known"}`, {
    hint: `belay georep start --foreground ${known.name} shows more`,
  });
}

/** The call of gsyncd that runs a session without becoming a daemon. */
export function foregroundWords(known: KnownSession): string[] {
  return [...monitorWords(known), "--foreground"];
}
