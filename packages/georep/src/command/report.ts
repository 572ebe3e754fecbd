import { existsSync, statfsSync } from "node:fs";
import { brickStatusPath, extraStatusPath, readBrickStatus, type StoredBrickStatus } from "../status/brick-status.ts";
import { readExtraStatus, type ExtraStatus } from "../status/extra-status.ts";
import { readMonitorStatus } from "../status/monitor-status.ts";
import { isPidFileHeld } from "../status/pid-lock-state.ts";
import { showStatus } from "../status/shown-status.ts";
import { endText } from "./ends.ts";
import { heldProcesses } from "./held-processes.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { configOf, statePath } from "./session-files.ts";
import { hintOf, lastErrorOf, stateOf, stateWith, type LiveWorker, type SessionState } from "./session-state.ts";

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
  /** Why it is in this state, where that is not plain: for `faulty`, `waiting`, `dead`, and `starting` when a worker has ended before. */
  readonly why: string | undefined;
  /** What may be done about it, where no worker works. */
  readonly hint: string | undefined;
  /** How changes are found: `fanotify`, `inotify`, `scan`. */
  readonly watching: string | undefined;
  readonly lagSeconds: number | undefined;
  readonly entriesPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly etaSeconds: number | undefined;
  /** Directories found that are to be compared. */
  readonly directoriesPending: number | undefined;
  /** Compared since the worker started; 0 where it could go on where the last one was. */
  readonly directoriesCompared: number | undefined;
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
  /** Milliseconds since 1970 when it came. */
  readonly lastErrorAt: number | undefined;
  /** Workers that ended by themselves since the monitor was started. */
  readonly restarts: number | undefined;
  /** While faulty: when the next worker starts, milliseconds since 1970. */
  readonly nextStart: number | undefined;
  readonly pid: number | undefined;
  /** Milliseconds since 1970 when the worker started. */
  readonly startedAt: number | undefined;
  /** What was wrong with the files that tell, and why changes cannot be written to the journal just now. */
  readonly problems: readonly string[];
}

/**
 * Reads the report of a session from its files.
 *
 * @param live  what the worker said just now
 */
export function reportOf(places: GeorepPlaces, known: KnownSession, live?: LiveWorker): SessionReport {
  const problems: string[] = [];
  const config = configOf(places, known);
  const state = statePath(known);
  const brick = readBrickStatus(brickStatusPath(state, known.source.path), (problem) => problems.push(problem));
  const extra = readExtra(extraStatusPath(state, known.source.path), problems);
  const alive = isPidFileHeld(config.text("pid-file"));
  const told = live ?? extra;
  const { worker } = told;
  const said = stateOf({ monitor: readMonitorStatus(state), alive, brick, extra, live });
  const held = alive && said.state !== "paused" ? heldProcesses(places, known, told.pid) : undefined;
  if (alive && isFull(known.folder))
    problems.push(`no room is left in ${known.folder}: status, queue and journal cannot be written`);
  const { isHeld, ...shown } = stateWith(held, said);
  if (held?.monitor !== undefined && !isHeld)
    problems.push(`its monitor (process ${held.monitor}) is held: what ends is not started again`);
  const isWorking = ["active", "comparing", "waiting", "paused"].includes(shown.state);
  const now = isWorking ? worker : undefined;
  const lastError = lastErrorOf(shown.state, worker, extra.monitor);
  const pace = shown.state === "paused" || isHeld ? undefined : now; // nothing goes on, or nobody sees what changes
  return {
    name: known.name,
    id: known.id,
    source: endText(known.source),
    destination: endText(known.destination),
    ...shown,
    hint: hintOf(shown, extra.monitor),
    watching: now?.source,
    lagSeconds: pace?.lagSeconds,
    entriesPerSecond: pace?.entriesPerSecond,
    bytesPerSecond: pace?.bytesPerSecond,
    etaSeconds: pace?.etaSeconds,
    directoriesPending: now?.crawlQueue,
    directoriesCompared: now?.compared,
    entriesPending: now?.pending,
    retryQueue: worker?.retryQueue,
    entries: now?.entries,
    bytes: now?.bytes,
    failures: now?.failures,
    lastSynced: worker?.lastSynced ?? (brick.last_synced > 0 ? brick.last_synced * 1000 : undefined),
    checkpoint: checkpointOf(brick, config.int("checkpoint")),
    lastError: lastError?.text,
    lastErrorAt: lastError?.at,
    restarts: alive ? extra.monitor?.restarts : undefined,
    nextStart: shown.state === "faulty" ? extra.monitor?.nextStart : undefined,
    pid: isWorking ? told.pid : undefined,
    startedAt: isWorking ? told.startedAt : undefined,
    problems: now?.feedTrouble === undefined ? problems : [...problems, `the journal: ${now.feedTrouble}`],
  };
}

// Who runs out of room for what he has to say cannot say that either.
function isFull(folder: string): boolean {
  try {
    const { blocks, bfree, bavail } = statfsSync(folder);
    return blocks > 0 && (process.geteuid?.() === 0 ? bfree : bavail) === 0;
  } catch {
    return false;
  }
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

// What is torn reads as if nobody had written it; that it is has to be told.
function readExtra(path: string, problems: string[]): ExtraStatus {
  const extra = readExtraStatus(path);
  const isEmpty = extra.worker === undefined && extra.monitor === undefined;
  if (isEmpty && existsSync(path)) problems.push(`${path} is torn: what the worker said last is not known`);
  return extra;
}
