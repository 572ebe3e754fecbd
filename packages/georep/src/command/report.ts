import { readFileSync } from "node:fs";
import { hasCode } from "@belay/supervise";
import { brickStatusPath, extraStatusPath, readBrickStatus, type StoredBrickStatus } from "../status/brick-status.ts";
import { readMonitorStatus } from "../status/monitor-status.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { showStatus } from "../status/shown-status.ts";
import { endText } from "./ends.ts";
import { numberIn, objectIn, textIn } from "./extra-values.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf, statePath } from "./session-files.ts";

/** What a session is doing. `dead`: its monitor has gone without having been stopped. */
export type SessionState =
  "created" | "starting" | "comparing" | "active" | "waiting" | "paused" | "faulty" | "stopped" | "dead";

/** What became of the checkpoint of a session. */
export interface CheckpointReport {
  /** Seconds since 1970. */
  readonly time: number;
  readonly completed: boolean;
  /** Seconds since 1970; undefined while it is not complete, or that is not known. */
  readonly completedAt: number | undefined;
}

/** Everything that is known about a session from outside. Undefined where nobody knows. */
export interface SessionReport {
  readonly name: string;
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly state: SessionState;
  /** Why it is in this state, where that is not plain: for `faulty`, `waiting`, `dead`. */
  readonly why: string | undefined;
  /** How changes are found: `fanotify`, `inotify`, `scan`. */
  readonly watching: string | undefined;
  readonly lagSeconds: number | undefined;
  readonly entriesPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly etaSeconds: number | undefined;
  /** Directories found that are to be compared. */
  readonly directoriesPending: number | undefined;
  readonly entriesPending: number | undefined;
  readonly retryQueue: number | undefined;
  /** Since the worker started. */
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
  readonly failures: number | undefined;
  /** Milliseconds since 1970 when the destination was last known to have everything. */
  readonly lastSynced: number | undefined;
  readonly checkpoint: CheckpointReport | undefined;
  readonly lastError: string | undefined;
  readonly restarts: number | undefined;
  readonly pid: number | undefined;
  /** Milliseconds since 1970 when the worker started. */
  readonly startedAt: number | undefined;
  /** What was wrong with the files that tell. */
  readonly problems: readonly string[];
}

/**
 * Reads the report of a session from its files.
 *
 * @param told  what the worker said just now, in the form of its extra file
 */
export function reportOf(places: GeorepPlaces, known: KnownSession, told?: object): SessionReport {
  const problems: string[] = [];
  const config = configOf(places, known);
  const state = statePath(known);
  const brick = readBrickStatus(brickStatusPath(state, known.source.path), (problem) => problems.push(problem));
  const extra = { ...readExtra(extraStatusPath(state, known.source.path), problems), ...told };
  const facts = {
    monitor: readMonitorStatus(state),
    alive: isPidFileHeld(config.text("pid-file")),
    brick,
    extra,
  };
  const worker = objectIn(extra, "worker");
  const isRunning = facts.alive && facts.monitor !== "Created";
  const live = (name: string) => (isRunning ? numberIn(worker, name) : undefined);
  return {
    name: known.name,
    id: known.id,
    source: endText(known.source),
    destination: endText(known.destination),
    ...stateOf(facts),
    watching: isRunning ? textIn(worker, "source") : undefined,
    lagSeconds: live("lagSeconds"),
    entriesPerSecond: live("entriesPerSecond"),
    bytesPerSecond: live("bytesPerSecond"),
    etaSeconds: live("etaSeconds"),
    directoriesPending: live("crawlQueue"),
    entriesPending: live("pending"),
    retryQueue: numberIn(worker, "retryQueue"),
    entries: live("entries"),
    bytes: live("bytes"),
    failures: live("failures"),
    lastSynced: numberIn(worker, "lastSynced") ?? (brick.last_synced > 0 ? brick.last_synced * 1000 : undefined),
    checkpoint: checkpointOf(brick, config.int("checkpoint")),
    lastError: textIn(worker, "lastError") ?? textIn(objectIn(extra, "monitor"), "lastError"),
    restarts: numberIn(objectIn(extra, "monitor"), "restarts"),
    pid: isRunning ? numberIn(extra, "pid") : undefined,
    startedAt: isRunning ? numberIn(extra, "startedAt") : undefined,
    problems,
  };
}

interface StateFacts {
  readonly monitor: string | undefined;
  readonly alive: boolean;
  readonly brick: StoredBrickStatus;
  readonly extra: object | undefined;
}

function stateOf({ monitor = "", alive, brick, extra }: StateFacts): Pick<SessionReport, "state" | "why"> {
  const told = objectIn(extra, "monitor");
  const fault = [textIn(told, "reason"), textIn(told, "lastError")].filter((text) => text !== undefined).join(": ");
  if (!alive && (monitor === "Started" || monitor === "Paused")) {
    return { state: "dead", why: "its monitor has ended without being stopped" };
  }
  if (monitor === "Paused") return { state: "paused", why: undefined };
  if (monitor === "Stopped") return { state: "stopped", why: undefined };
  if (!alive) return { state: "created", why: undefined };
  if (brick.worker_status === "Faulty") return { state: "faulty", why: fault === "" ? undefined : fault };
  if (brick.worker_status !== "Active") return { state: "starting", why: undefined };
  const worker = textIn(objectIn(extra, "worker"), "state");
  return workingState(worker, textIn(objectIn(extra, "worker"), "lastError"));
}

function workingState(worker: string | undefined, lastError: string | undefined): Pick<SessionReport, "state" | "why"> {
  if (worker === "waiting") return { state: "waiting", why: lastError };
  if (worker === "crawling") return { state: "comparing", why: undefined };
  if (worker === "starting") return { state: "starting", why: undefined };
  return { state: "active", why: undefined };
}

function checkpointOf(brick: StoredBrickStatus, checkpoint: number): CheckpointReport | undefined {
  if (checkpoint === 0) return undefined;
  const told = { ...brick, worker_status: "Active" };
  const shown = showStatus({ monitor: "Started", monitorAlive: () => true, brick: told, checkpoint });
  const completed = shown.get("checkpoint_completed") === "Yes";
  const isThis = brick.checkpoint_time === checkpoint && brick.checkpoint_completion_time > 0;
  return {
    time: checkpoint,
    completed,
    completedAt: completed && isThis ? brick.checkpoint_completion_time : undefined,
  };
}

function readExtra(path: string, problems: string[]): object | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null) return value;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  problems.push(`${path} is torn: what the worker said last is not known`);
  return undefined;
}
